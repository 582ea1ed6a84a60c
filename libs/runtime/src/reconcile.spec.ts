import { describe, expect, it } from "vitest";
import { ToolkitError } from "@plumb/std";
import { reconcileOnce, removeOnce, withReason, type Reconciler, type Tools } from "./reconcile.ts";

const never = new AbortController().signal;

describe("reconcileOnce", () => {
  interface Status {
    n?: number;
  }
  let clockMs = 1000;
  const tools: Tools<Status> = { signal: never, atHost: (_, work) => work(), nowMs: () => (clockMs += 500), progress: () => {}, checkpoint: async () => {} };
  const fails = (message: string) => async (): Promise<never> => {
    throw new ToolkitError("denied", message);
  };
  const base: Reconciler<null, number, number, number, Status> = {
    observe: async () => 1,
    plan: (_, seen) => ({ kind: "proceed", plan: seen + 1 }),
    act: async (_, plan) => plan + 1,
    report: (_, { seen, plan, done, startedMs, endedMs }) => ({
      outcome: { kind: "settled", reason: "R", message: `took ${endedMs - startedMs} ms`, nextInMs: 1 },
      status: { n: seen + plan + done },
      conditions: {},
      notices: [],
    }),
    explain: (_, { step, reason = "ReconciliationFailed", error, ...rest }) => ({
      outcome: { kind: "failed", reason, error },
      status: {},
      conditions: {},
      notices: [{ severity: "error", reason, message: `${step} ${"seen" in rest ? rest.seen : "nothing"}` }],
    }),
    remove: async () => ({ kind: "removed", notices: [] }),
  };
  it("passes what each step made to the next, and the time it took", async () => {
    expect(await reconcileOnce(base, null, tools)).toMatchObject({ status: { n: 6 }, outcome: { message: "took 500 ms" } });
  });
  it("does not act when there is nothing to proceed with", async () => {
    const report = { outcome: { kind: "stalled", reason: "URLInvalid", message: "m" }, status: {}, conditions: {}, notices: [] } as const;
    const kind: typeof base = {
      ...base,
      plan: () => ({ kind: "halt", report }),
      act: () => {
        throw new Error("must not run");
      },
    };
    expect(await reconcileOnce(kind, null, tools)).toBe(report);
  });
  it.each<[string, Partial<typeof base>, object]>([
    [
      "observe",
      { observe: fails("no") },
      { outcome: { kind: "failed", reason: "ReconciliationFailed", error: { kind: "denied" } }, notices: [{ message: "observe nothing" }] },
    ],
    ["act", { act: fails("no") }, { outcome: { kind: "failed", error: { kind: "denied" } }, notices: [{ message: "act 1" }] }],
    [
      "a bug in plan",
      {
        plan: () => {
          throw new TypeError("bug");
        },
      },
      { outcome: { error: { kind: "internal" } }, notices: [{ message: "observe nothing" }] },
    ],
    [
      "a named step",
      { act: () => withReason("ReconciliationFailed", withReason("BuildFailed", fails("no")())) },
      { outcome: { reason: "BuildFailed", error: { kind: "denied", message: "no" } } },
    ],
    [
      "a bug in a named step",
      { act: () => withReason("BuildFailed", Promise.reject(new TypeError("bug"))) },
      { outcome: { reason: "BuildFailed", error: { kind: "internal", message: "bug" } } },
    ],
  ])("lets the kind explain a throw of %s", async (_, change, expected) => {
    expect(await reconcileOnce({ ...base, ...change }, null, tools)).toMatchObject(expected);
  });
  it("loses neither the failure nor the bug when explain has one", async () => {
    const bug = new TypeError("bug");
    const kind: typeof base = {
      ...base,
      act: fails("no"),
      explain: () => {
        throw bug;
      },
    };
    const { outcome } = await reconcileOnce(kind, null, tools);
    expect(outcome).toMatchObject({ kind: "failed", error: { kind: "internal", message: "no", cause: { errors: [bug, { kind: "denied" }] } } });
  });
  it("keeps an object whose inventory cannot be read", async () => {
    expect(await removeOnce(base, null, tools)).toEqual({ kind: "removed", notices: [] });
    expect(await removeOnce({ ...base, remove: fails("no inventory") }, null, tools)).toMatchObject({
      kind: "kept",
      report: { outcome: { kind: "failed", error: { message: "no inventory" } }, notices: [{ message: "remove nothing" }] },
    });
  });
});
