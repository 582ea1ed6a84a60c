import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition } from "@plumb/api";
import { ToolkitError } from "@plumb/std";
import { standardConditions, withConditions, type ConditionChanges } from "./conditions.ts";
import type { Outcome } from "./outcome.ts";

describe("standardConditions", () => {
  const fetching = "Fetching manifests for revision main@sha1:0 with a timeout of 30s";
  it("keeps the step that failed in Reconciling, and says why in Ready", () => {
    const outcome: Outcome = { kind: "failed", reason: "ArtifactFailed", error: new ToolkitError("invalid", "kustomization path not found: x") };
    expect(standardConditions(outcome, fetching)).toEqual({
      Stalled: undefined,
      Reconciling: { status: "True", reason: "ProgressingWithRetry", message: fetching },
      Ready: { status: "False", reason: "ArtifactFailed", message: "kustomization path not found: x" },
    });
    expect(standardConditions(outcome, undefined).Reconciling?.message).toBe("kustomization path not found: x");
  });
  it("shows a wait for health as Unknown and in progress", () => {
    const outcome: Outcome = { kind: "waiting", ready: "Unknown", reason: "Progressing", message: "Reconciliation in progress", retryInMs: 1 };
    expect(standardConditions(outcome, "Running health checks")).toMatchObject({
      Reconciling: { reason: "Progressing", message: "Running health checks" },
      Ready: { status: "Unknown" },
    });
  });
  it("shows a wait for a dependency as not ready, with nothing in progress", () => {
    const outcome: Outcome = { kind: "waiting", ready: "False", reason: "DependencyNotReady", message: "dependency 'ns/a' is not ready", retryInMs: 1 };
    expect(standardConditions(outcome, undefined)).toMatchObject({ Reconciling: undefined, Ready: { status: "False", reason: "DependencyNotReady" } });
  });
});

describe("withConditions", () => {
  const at = { generation: 2, now: "2026-01-01T00:00:10Z" };
  const old: Condition = {
    type: "Ready",
    status: "True",
    reason: "ReconciliationSucceeded",
    message: "Applied revision: main@sha1:0",
    observedGeneration: 1,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
  it.each<[string, Partial<Condition>, string]>([
    ["the same again", {}, old.lastTransitionTime],
    ["another status", { status: "False" }, at.now],
    ["another reason", { reason: "Progressing" }, at.now],
    ["another message", { message: "Applied revision: main@sha1:1" }, at.now],
  ])("moves the transition time as it should for %s", (_, change, lastTransitionTime) => {
    expect(withConditions([old], { Ready: { ...old, ...change } }, at)).toEqual([{ ...old, ...change, observedGeneration: 2, lastTransitionTime }]);
  });
  it("lists Stalled, Reconciling and Ready first, then the newest, and leaves its input alone", () => {
    const before = ["B", "A", "Ready", "C"].map((type) => Object.freeze({ ...old, type }));
    const is = { status: "True", reason: "R", message: "m" } as const;
    const after = withConditions(Object.freeze(before), { B: undefined, D: is, Reconciling: is, Stalled: is }, at);
    expect(after.map(({ type }) => type)).toEqual(["Stalled", "Reconciling", "Ready", "D", "A", "C"]);
    expect(before.map(({ type }) => type)).toEqual(["B", "A", "Ready", "C"]);
  });
  it.each([
    ["x", 32_768],
    ["é", 32_767],
    ["日", 32_766],
    ["🚿", 32_767],
  ])("cuts a message of %s to what the API server takes, between two characters", (character, bytes) => {
    const [after] = withConditions([], { Ready: { status: "False", reason: "R", message: character.repeat(40_000) } }, at);
    expect(after?.message).toMatch(new RegExp(`^(${character})+\\.\\.\\.$`, "u"));
    expect(Buffer.byteLength(after?.message ?? "")).toBe(bytes);
  });
  it("has nothing to store when the same is said again later", () => {
    const anyState = fc.record({
      status: fc.constantFrom("True" as const, "False" as const, "Unknown" as const),
      reason: fc.string(),
      message: fc.string({ maxLength: 5 }).map((s) => s.repeat(10_000)),
    });
    const anyChanges: fc.Arbitrary<ConditionChanges> = fc.dictionary(
      fc.constantFrom("Stalled", "Reconciling", "Ready", "Healthy", "FetchFailed"),
      fc.option(anyState, { nil: undefined }),
    );
    fc.assert(
      fc.property(anyChanges, anyChanges, (first, changes) => {
        const after = withConditions(withConditions([], first, { ...at, generation: 1 }), changes, at);
        expect(withConditions(after, changes, { ...at, now: "2026-01-01T00:01:00Z" })).toEqual(after);
      }),
    );
  });
});
