import type { Condition } from "@plumb/api";
import { shortened } from "@plumb/std";
import type { Outcome } from "./outcome.ts";

export type ConditionState = Pick<Condition, "status" | "reason" | "message">;

/** Changes by condition type. A type that is left out stays as it is; `undefined` removes it. */
export type ConditionChanges = Readonly<Record<string, ConditionState | undefined>>;

/** What the changes are stamped with; passed in so that the function stays pure. */
export interface Stamp {
  readonly generation: number;
  readonly now: string;
}

/** Flux's limit, below which the CRD's `maxLength` of as many characters always holds. */
const MAX_MESSAGE_BYTES = 32_768;
/** Of Reconciling beside Ready=False (K-014). */
const RETRY = "ProgressingWithRetry";
const FIRST = ["Stalled", "Reconciling", "Ready"];

/**
 * Returns `conditions` with `changes` made: Stalled, Reconciling and Ready first, the rest by newest generation, then type.
 * The transition time moves when status, reason or message does; saying the same again changes nothing.
 */
export function withConditions(conditions: readonly Condition[], changes: ConditionChanges, at: Stamp): readonly Condition[] {
  const kept = conditions.filter(({ type }) => !Object.hasOwn(changes, type));
  const changed = Object.entries(changes).flatMap(([type, state]) => {
    const before = conditions.find((condition) => condition.type === type);
    return state === undefined ? [] : [stamped(type, state, before, at)];
  });
  return [...kept, ...changed].sort((a, b) => rank(a) - rank(b) || b.observedGeneration - a.observedGeneration || (a.type < b.type ? -1 : 1));
}

/**
 * The three conditions every kind has, derived from the outcome.
 *
 * @param progress the last text given to `progress` in this run; undefined when there was none, as in a run that only waits
 */
export function standardConditions(
  outcome: Outcome,
  progress: string | undefined,
): Readonly<Record<"Stalled" | "Reconciling" | "Ready", ConditionState | undefined>> {
  switch (outcome.kind) {
    case "settled":
      return { Stalled: undefined, Reconciling: undefined, Ready: state("True", outcome) };
    case "waiting":
      return {
        Stalled: undefined,
        Reconciling: progress === undefined ? undefined : state("True", { reason: outcome.ready === "False" ? RETRY : "Progressing", message: progress }),
        Ready: state(outcome.ready, outcome),
      };
    case "failed": {
      const { reason, error } = outcome;
      return {
        Stalled: undefined,
        Reconciling: state("True", { reason: RETRY, message: progress ?? error.message }),
        Ready: state("False", { reason, message: error.message }),
      };
    }
    case "stalled":
      return { Stalled: state("True", outcome), Reconciling: undefined, Ready: state("False", outcome) };
    default:
      return outcome satisfies never;
  }
}

function state(status: Condition["status"], { reason, message }: Pick<Condition, "reason" | "message">): ConditionState {
  return { status, reason, message };
}

function stamped(type: string, state: ConditionState, before: Condition | undefined, at: Stamp): Condition {
  const { status, reason } = state;
  const message = shortened(state.message, MAX_MESSAGE_BYTES);
  const isSame = before?.status === status && before.reason === reason && before.message === message;
  const lastTransitionTime = isSame ? before.lastTransitionTime : at.now;
  return { type, status, reason, message, observedGeneration: at.generation, lastTransitionTime };
}

function rank({ type }: Condition): number {
  const index = FIRST.indexOf(type);
  return index === -1 ? FIRST.length : index;
}
