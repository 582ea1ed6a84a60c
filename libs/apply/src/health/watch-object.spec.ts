import type { KubeClient } from "@plumb/kube";
import { kubeError } from "@plumb/kube/testing";
import { expect, it, vi } from "vitest";
import { WatchHub } from "../watch-hub.ts";
import { watchObject } from "./watch-object.ts";

const resource = { group: "", version: "v1", plural: "configmaps" };
const there = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "apps", uid: "u", resourceVersion: "1" } };

it.each([
  [403, "is taken for one that cannot be watched", ["blind"]],
  [401, "is watched all the same", ["moved"]],
])("an object whose watch is answered %s at first %s", async (status, _, told) => {
  let isRefused = true;
  const client: Pick<KubeClient, "list" | "watch"> = {
    list: async () => {
      if (!isRefused) return { items: [there], resourceVersion: "1" };
      isRefused = false;
      throw kubeError({ status, body: "" });
    },
    // oxlint-disable-next-line require-yield -- a watch on which nothing happens before it ends
    async *watch(_resource, { signal }) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  const hub = new WatchHub(client);
  const heard: string[] = [];
  const handler = { onMoved: () => heard.push("moved"), onBlind: () => heard.push("blind") };
  const stop = watchObject(hub, { resource, namespace: "apps", name: "a" }, false, handler);
  await vi.waitFor(() => expect(heard).toEqual(told), 60_000);
  stop();
  await hub.close();
});
