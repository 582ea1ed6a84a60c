import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_KINDS, ToolkitError } from "@plumb/std";
import { standardConditions } from "./conditions.ts";
import { requeue, type Outcome } from "./outcome.ts";

const text = fc.string();
const delayMs = fc.nat(3_600_000);
const anyError = fc
  .tuple(fc.constantFrom(...ERROR_KINDS), text, fc.option(delayMs, { nil: undefined }))
  .map(([kind, message, retryAfterMs]) => new ToolkitError(kind, message, { retryAfterMs }));
const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant("settled" as const), reason: text, message: text, nextInMs: delayMs }),
  fc.record({
    kind: fc.constant("waiting" as const),
    ready: fc.constantFrom("False" as const, "Unknown" as const),
    reason: text,
    message: text,
    retryInMs: delayMs,
  }),
  fc.record({ kind: fc.constant("failed" as const), reason: text, error: anyError, retryInMs: delayMs }, { requiredKeys: ["kind", "reason", "error"] }),
  fc.record({ kind: fc.constant("stalled" as const), reason: text, message: text }),
);
const anyProgress = fc.option(text, { nil: undefined });

describe("an outcome", () => {
  it("is Stalled exactly when only a change brings it back, and ProgressingWithRetry exactly when it goes on from Ready=False", () => {
    fc.assert(
      fc.property(anyOutcome, anyProgress, fc.nat(20), (outcome, progress, failures) => {
        const { Stalled, Reconciling, Ready } = standardConditions(outcome, progress);
        const next = requeue(outcome, failures, () => 1);
        expect(Stalled !== undefined).toBe(next.kind === "on-change");
        expect(Reconciling?.reason === "ProgressingWithRetry").toBe(Reconciling !== undefined && Ready?.status === "False");
        if (next.kind === "after" && !next.forgetFailures) expect(Reconciling?.reason).toBe("ProgressingWithRetry");
      }),
    );
  });
  it("never shows Reconciling and Stalled together, nor either of them with Ready", () => {
    fc.assert(
      fc.property(anyOutcome, anyProgress, (outcome, progress) => {
        const { Stalled, Reconciling, Ready } = standardConditions(outcome, progress);
        expect([Stalled, Reconciling, Ready?.status === "True"].filter(Boolean).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("requeue", () => {
  const backoff = (failures: number): number => 1000 * 2 ** failures;
  const failed = (error: ToolkitError, retryInMs?: number): Outcome => ({
    kind: "failed",
    reason: "X",
    error,
    ...(retryInMs === undefined ? {} : { retryInMs }),
  });
  const throttled = new ToolkitError("throttled", "m", { retryAfterMs: 7000 });
  it("waits out the interval after success and forgets failures", () => {
    expect(requeue({ kind: "settled", reason: "R", message: "m", nextInMs: 60_000 }, 5, backoff)).toEqual({
      kind: "after",
      delayMs: 60_000,
      forgetFailures: true,
    });
  });
  it("leaves a stalled object until it changes", () => {
    expect(requeue({ kind: "stalled", reason: "R", message: "m" }, 0, backoff)).toEqual({ kind: "on-change" });
  });
  it.each<[string, Outcome, number, number]>([
    ["backs off from a bad build", failed(new ToolkitError("invalid", "m")), 2, 4000],
    ["keeps to a fixed interval however often it failed", failed(new ToolkitError("invalid", "m"), 120_000), 9, 120_000],
    ["obeys Retry-After", failed(throttled), 3, 7000],
    ["obeys Retry-After before a fixed interval", failed(throttled, 120_000), 3, 7000],
    ["obeys the Retry-After of a 503", failed(new ToolkitError("unavailable", "m", { retryAfterMs: 7000 })), 3, 7000],
    ["backs off where nobody named a time", failed(new ToolkitError("throttled", "m")), 3, 8000],
    ["retries a first conflict at once", failed(new ToolkitError("conflict", "m"), 120_000), 0, 0],
    ["slows down from the second conflict", failed(new ToolkitError("conflict", "m")), 1, 2000],
  ])("%s", (_, outcome, failures, delayMs) => {
    expect(requeue(outcome, failures, backoff)).toEqual({ kind: "after", delayMs, forgetFailures: false });
  });
});
