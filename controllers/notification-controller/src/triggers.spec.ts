import type { LiveObject } from "@plumb/api";
import { Store, type ObjectList, type WatchEvent } from "@plumb/kube";
import { aborted, ToolkitError } from "@plumb/std";
import { expect, it, vi } from "vitest";
import { followReferences } from "./triggers.ts";
import { sampleReceiver } from "./testing/samples.ts";

it("a replica that only answers web-hooks forgets the token of a Receiver that is gone", async () => {
  const receiver: LiveObject = { ...sampleReceiver(), apiVersion: "notification.toolkit.fluxcd.io/v1" };
  const stop = new AbortController();
  const client = {
    list: async (): Promise<ObjectList> => ({ items: [receiver], resourceVersion: "1" }),
    async *watch(): AsyncGenerator<WatchEvent, void> {
      yield { kind: "gone", item: { ...receiver, metadata: { ...receiver.metadata, resourceVersion: "2" } } };
      await aborted(stop.signal);
      throw new ToolkitError("cancelled", "stopped");
    },
  };
  const stores = ["receivers", "alerts", "providers"].map((plural) => new Store({ client, resource: { group: "it", version: "v1", plural } }));
  const [receivers, alerts, providers] = stores;
  if (receivers === undefined || alerts === undefined || providers === undefined) throw new Error("three are made");
  const forgotten: string[] = [];
  followReferences(
    { receivers, alerts, providers, secrets: undefined },
    {
      outbox: { wake: () => undefined },
      secrets: { clear: () => undefined },
      tokens: { forget: (key) => void forgotten.push(key) },
      receivers: { enqueue: () => undefined },
      alerts: { enqueue: () => undefined },
    },
  );
  const running = receivers.run(stop.signal);
  await vi.waitFor(() => expect(forgotten).toEqual(["team/push"]), { timeout: 60_000 });
  stop.abort();
  await running;
});
