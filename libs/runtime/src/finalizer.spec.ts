import type { LiveObject } from "@plumb/api";
import { ToolkitError } from "@plumb/std";
import { expect, it } from "vitest";
import { withoutFinalizer } from "./finalizer.ts";

const { signal } = new AbortController();
const KIND = { resource: { group: "example.com", version: "v1", plural: "widgets" }, fieldManager: "it" };

function widget(uid: string): LiveObject {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "one", namespace: "ns", uid, resourceVersion: "1", finalizers: ["finalizers.fluxcd.io"] },
  };
}

it.each([
  ["taken from the newest version, when somebody else was faster", "same", 2],
  ["left on another object that has got the same name meanwhile", "another", 1],
])("the finalizer is %s", async (_, uid, patches) => {
  let asked = 0;
  const client = {
    get: () => Promise.resolve(widget(uid)),
    patch: () => (++asked === 1 ? Promise.reject(new ToolkitError("conflict", "it has moved")) : Promise.resolve(widget(uid))),
  };
  await withoutFinalizer(client, KIND, widget("same"), signal);
  expect(asked).toBe(patches);
});
