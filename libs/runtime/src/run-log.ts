import type { Notice } from "@plumb/api";
import type { Fields, Log, ToolkitError } from "@plumb/std";
import type { Outcome } from "./outcome.ts";

/** How a run ended, beside its outcome. */
export interface RunEnd {
  readonly durationMs: number;
  /** Milliseconds until the object is looked at again by itself; undefined where only a change brings that. */
  readonly nextInMs: number | undefined;
  /** True of a failure that is no news, as a first conflict. */
  readonly isSilent: boolean;
  /** What people are told of it. */
  readonly notices: readonly Notice[];
}

/**
 * Writes the one line of a run. A failure and a standstill are errors, with why and what comes next; what people are told of
 * is information; a run that found everything as it should be, or that waits as before, is for debugging.
 */
export function logRun(log: Log, object: Fields, outcome: Outcome, { durationMs, nextInMs, isSilent, notices }: RunEnd): void {
  const next = nextInMs === undefined ? {} : { nextInMs: Math.round(nextInMs) };
  const fields = { ...object, outcome: outcome.kind, reason: outcome.reason, durationMs: Math.round(durationMs), ...next };
  switch (outcome.kind) {
    case "failed": {
      const { error } = outcome;
      if (error.kind === "cancelled") return;
      const stack = error.kind === "internal" ? stackOf(error) : {};
      return log[isSilent ? "debug" : "error"]("reconcile failed", { ...fields, error: error.message, ...stack });
    }
    case "stalled":
      return log.error("reconcile stalled, it waits for a change of the object", { ...fields, error: outcome.message });
    case "settled":
    case "waiting":
      // without its message: a Receiver's holds the path that is its secret
      return log[notices.some(({ isQuiet }) => isQuiet !== true) ? "info" : "debug"]("reconciled", { ...fields, revision: revisionOf(notices) });
    default:
      return outcome satisfies never;
  }
}

/** The revision that a notice is about, whatever group its key is of. */
function revisionOf(notices: readonly Notice[]): string | undefined {
  return notices.flatMap(({ metadata = {} }) => Object.entries(metadata)).find(([key]) => key.endsWith("/revision"))?.[1];
}

/** Where the thing went wrong that is at the bottom of an error; of several the first, which is the newest bug. */
export function stackOf(error: ToolkitError): { readonly stack?: string } {
  let deepest: Error = error;
  for (let next: unknown = error; next instanceof Error; next = next instanceof AggregateError ? next.errors[0] : next.cause) deepest = next;
  return deepest.stack === undefined ? {} : { stack: deepest.stack };
}
