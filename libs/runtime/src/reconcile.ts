import type { Notice } from "@plumb/api";
import { ToolkitError, toToolkitError } from "@plumb/std";
import type { ConditionChanges } from "./conditions.ts";
import type { Outcome } from "./outcome.ts";

/** Changes of status fields. A field that is left out stays as it is stored, checkpoints included; `undefined` removes it. */
export type StatusChange<Status> = { readonly [Field in keyof Status]?: Status[Field] | undefined };

/** All that a run says about itself. The runtime, and nothing else, turns it into status, events, logs and metrics. */
export interface Report<Status> {
  readonly outcome: Outcome;
  readonly status: StatusChange<Status>;
  /** Conditions of this kind alone; Ready, Reconciling and Stalled come from the outcome. */
  readonly conditions: ConditionChanges;
  readonly notices: readonly Notice[];
}

/** What `plan` decides: to work, or what to say where there is nothing to work on. */
export type Verdict<Plan, Status> = { readonly kind: "proceed"; readonly plan: Plan } | { readonly kind: "halt"; readonly report: Report<Status> };

/** How far a removal got. Only `removed` lets the object go. */
export type Removal<Status> = { readonly kind: "removed"; readonly notices: readonly Notice[] } | { readonly kind: "kept"; readonly report: Report<Status> };

/** When a run began and ended, in milliseconds since 1970: history and durations are told from it without a clock. */
export interface Timing {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A run that came to its end, for `report`. */
export interface Run<Seen, Plan, Done> extends Timing {
  readonly seen: Seen;
  readonly plan: Plan;
  readonly done: Done;
}

type Reached<Seen> = { readonly step: "observe" | "remove" } | { readonly step: "act"; readonly seen: Seen };

/** A run that failed, for `explain`: where, of what, and what had been seen by then. */
export type Failure<Seen> = Timing &
  Reached<Seen> & {
    readonly error: ToolkitError;
    /** What `withReason` called it; undefined where nobody did. */
    readonly reason: string | undefined;
  };

/** What `observe`, `act` and `remove` may use besides the clients the kind was built with. */
export interface Tools<Status> {
  readonly signal: AbortSignal;
  /**
   * Runs `work`, which waits for a remote host. Meanwhile the run holds one of that host's places and no worker, so that
   * hosts that never answer delay nobody else. One at a time in a run.
   */
  readonly atHost: <Value>(host: string, work: () => Promise<Value>) => Promise<Value>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Shows a step in the Reconciling condition; the last one stays there when the run fails. No elapsed times. */
  readonly progress: (message: string) => void;
  /**
   * Stores status fields now, so that a crash later in the run cannot forget them; rejects when they are not stored.
   * With `unready`, the same write says Ready=Unknown in its words, so that nobody builds on what is being rewritten.
   */
  readonly checkpoint: (change: StatusChange<Status>, unready?: { readonly reason: string; readonly message: string }) => Promise<void>;
}

/**
 * One kind's behaviour. `plan`, `report` and `explain` are pure and never throw, so they are tested without a cluster.
 *
 * The runtime owns what is the same for all kinds, and no kind touches it: finalizer, suspend, `lastHandledReconcileAt`,
 * `observedGeneration` (follows when a run settles or stalls), the conditions Ready, Reconciling and Stalled, and when
 * `remove` is called. It neither stores nor tells a run that was cancelled, nor the first conflict in a row.
 */
export interface Reconciler<Obj, Seen, Plan, Done, Status> {
  /** Reads what `plan` decides on, and no more; changes nothing. */
  observe(obj: Obj, tools: Tools<Status>): Promise<Seen>;
  plan(obj: Obj, seen: Seen): Verdict<Plan, Status>;
  /**
   * Fetches, builds and writes as planned; before its first write it checkpoints what the writes will leave behind.
   * Resolves with what it did, complete or not; rejects only while it has changed nothing.
   */
  act(obj: Obj, plan: Plan, tools: Tools<Status>): Promise<Done>;
  /** Puts a run into words, one that stopped half way included. */
  report(obj: Obj, run: Run<Seen, Plan, Done>): Report<Status>;
  /** Puts a failure into words: its reason, when to try again, who is told. */
  explain(obj: Obj, failure: Failure<Seen>): Report<Status>;
  /**
   * Takes back what the kind put into the world. Called for an object that is being deleted, suspended or not, until it
   * says `removed`. Rejects when it cannot read what there is to remove, the inventory above all: unread is not empty.
   */
  remove(obj: Obj, tools: Tools<Status>): Promise<Removal<Status>>;
}

/** Runs one reconcile. Never throws: a failure becomes what the kind's `explain` makes of it. */
export async function reconcileOnce<Obj, Seen, Plan, Done, Status>(
  kind: Reconciler<Obj, Seen, Plan, Done, Status>,
  obj: Obj,
  tools: Tools<Status>,
): Promise<Report<Status>> {
  const startedMs = tools.nowMs();
  let reached: Reached<Seen> = { step: "observe" };
  try {
    const seen = await kind.observe(obj, tools);
    const verdict = kind.plan(obj, seen);
    if (verdict.kind === "halt") return verdict.report;
    reached = { step: "act", seen };
    const done = await kind.act(obj, verdict.plan, tools);
    return kind.report(obj, { seen, plan: verdict.plan, done, startedMs, endedMs: tools.nowMs() });
  } catch (thrown) {
    return explained(kind, obj, { ...reached, ...named(thrown), startedMs, endedMs: tools.nowMs() });
  }
}

/** Runs one removal. Never throws; after a failure the object is kept. */
export async function removeOnce<Obj, Seen, Plan, Done, Status>(
  kind: Reconciler<Obj, Seen, Plan, Done, Status>,
  obj: Obj,
  tools: Tools<Status>,
): Promise<Removal<Status>> {
  const startedMs = tools.nowMs();
  try {
    return await kind.remove(obj, tools);
  } catch (thrown) {
    const failure: Failure<Seen> = { step: "remove", ...named(thrown), startedMs, endedMs: tools.nowMs() };
    return { kind: "kept", report: explained(kind, obj, failure) };
  }
}

function explained<Obj, Seen, Plan, Done, Status>(kind: Reconciler<Obj, Seen, Plan, Done, Status>, obj: Obj, failure: Failure<Seen>): Report<Status> {
  try {
    return kind.explain(obj, failure);
  } catch (bug) {
    const error = new ToolkitError("internal", failure.error.message, { cause: new AggregateError([bug, failure.error]) });
    return { outcome: { kind: "failed", reason: "ReconciliationFailed", error }, status: {}, conditions: {}, notices: [] };
  }
}

class StepFailed extends ToolkitError {
  readonly reason: string;

  constructor(reason: string, cause: ToolkitError) {
    super(cause.kind, cause.message, { cause, retryAfterMs: cause.retryAfterMs });
    this.reason = reason;
  }
}

/** Names the reason at the place where a step fails: `await withReason("BuildFailed", build(folder))`. The innermost name stays. */
export async function withReason<Value>(reason: string, work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    throw thrown instanceof StepFailed ? thrown : new StepFailed(reason, toToolkitError(thrown));
  }
}

function named(thrown: unknown): { readonly error: ToolkitError; readonly reason: string | undefined } {
  const error = toToolkitError(thrown);
  return { error, reason: error instanceof StepFailed ? error.reason : undefined };
}
