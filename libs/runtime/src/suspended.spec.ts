import type { LiveObject } from "@plumb/api";
import { describe, expect, it } from "vitest";
import { isSuspended, suspendedFields } from "./suspended.ts";

function object(spec: object, ready: string | undefined, requested?: string): LiveObject {
  const condition = { type: "Ready", status: ready, reason: "R", message: "m", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" };
  return {
    apiVersion: "a/v1",
    kind: "A",
    metadata: {
      name: "a",
      uid: "u",
      resourceVersion: "1",
      generation: 7,
      ...(requested === undefined ? {} : { annotations: { "reconcile.fluxcd.io/requestedAt": requested } }),
    },
    spec: { ...spec },
    status: { observedGeneration: 1, conditions: ready === undefined ? [] : [condition] },
  } as LiveObject; // why: a literal with members that vary
}

describe("a suspended object", () => {
  it.each<[string, LiveObject, object]>([
    ["was ready: its generation is seen", object({ suspend: true }, "True"), { observedGeneration: 7 }],
    ["was not ready: it stays so", object({ suspend: true }, "False"), {}],
    ["never ran", object({ suspend: true }, undefined), {}],
    ["was asked for a run: that is seen", object({ suspend: true }, "False", "now"), { lastHandledReconcileAt: "now" }],
  ])("that %s", (_, obj, fields) => {
    expect(suspendedFields(obj)).toEqual(fields);
  });

  it("is one that says so", () => {
    expect([{ suspend: true }, { suspend: false }, {}].map((spec) => isSuspended(object(spec, "True")))).toEqual([true, false, false]);
  });
});
