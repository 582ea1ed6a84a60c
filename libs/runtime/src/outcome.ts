import type { ErrorKind, ToolkitError } from "@plumb/std";

/**
 * How one reconcile ended. Exactly one of these; none can carry a field of another.
 *
 * Only the kind itself says `stalled`, and only where the specification of the kind does; no kind of error amounts to it.
 * A bad build or a refused manifest is `failed` and is tried again, as what it names may change without the object.
 */
export type Outcome =
  | { readonly kind: "settled"; readonly reason: string; readonly message: string; readonly nextInMs: number }
  | { readonly kind: "waiting"; readonly ready: "False" | "Unknown"; readonly reason: string; readonly message: string; readonly retryInMs: number }
  | { readonly kind: "failed"; readonly reason: string; readonly error: ToolkitError; readonly retryInMs?: number }
  | { readonly kind: "stalled"; readonly reason: string; readonly message: string };

export type Requeue = { readonly kind: "after"; readonly delayMs: number; readonly forgetFailures: boolean } | { readonly kind: "on-change" };

/**
 * What the loop does after a failure of each kind; a new kind does not compile until it has a row.
 * `at-once` holds for the first failure in a row only, so that two writers cannot spin against each other.
 * `as-told` obeys a time that the other side named. All else waits for `retryInMs`, or without it, or where
 * that is 0, backs off: no retry may turn into a busy loop.
 */
const NEXT = {
  invalid: "backoff",
  denied: "backoff",
  missing: "backoff",
  conflict: "at-once",
  throttled: "as-told",
  unavailable: "as-told",
  corrupt: "backoff",
  cancelled: "at-once",
  internal: "backoff",
} satisfies Record<ErrorKind, "at-once" | "as-told" | "backoff">;

/**
 * Decides when the key is looked at again. Pure.
 *
 * @param failures consecutive failures of this key before this run; 0 or more
 * @param backoffMs milliseconds to wait before attempt `failures + 1`
 */
export function requeue(outcome: Outcome, failures: number, backoffMs: (failures: number) => number): Requeue {
  switch (outcome.kind) {
    case "settled":
      return { kind: "after", delayMs: outcome.nextInMs, forgetFailures: true };
    case "waiting":
      return { kind: "after", delayMs: outcome.retryInMs, forgetFailures: true };
    case "failed":
      return { kind: "after", delayMs: fixedDelayMs(outcome, failures) ?? backoffMs(failures), forgetFailures: false };
    case "stalled":
      return { kind: "on-change" };
    default:
      return outcome satisfies never;
  }
}

/** Milliseconds that are no matter of the back-off; undefined where there are none. */
function fixedDelayMs({ error, retryInMs }: Extract<Outcome, { kind: "failed" }>, failures: number): number | undefined {
  const next = NEXT[error.kind];
  if (next === "at-once" && failures === 0) return 0;
  const fixedMs = retryInMs === 0 ? undefined : retryInMs;
  return next === "as-told" ? (error.retryAfterMs ?? fixedMs) : fixedMs;
}
