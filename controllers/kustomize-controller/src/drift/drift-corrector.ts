import { inventoryEntry, parseInventoryId, type Kustomization } from "@plumb/api";
import {
  checkDrift,
  desiredHash,
  type ApplyResult,
  type Baselines,
  type DesiredObject,
  type Drift,
  type DriftOutcome,
  type Owner,
  type Ring,
} from "@plumb/apply";
import type { KubeClient } from "@plumb/kube";
import { Places, type HeldNotice, type Notifier, type Part } from "@plumb/runtime";
import { backoffMs, toToolkitError, type Clock, type Fields, type Log, type Meter, type Timer, type ToolkitError } from "@plumb/std";
import type { Corrections, Find } from "../kustomization/contracts.ts";
import { isObserved } from "./drift-mode.ts";
import { correctedNotice, detectedNotice, resolvedNotice } from "./drift-notice.ts";

export interface DriftCorrectorOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly kustomizations: Find<Kustomization>;
  /** What the last builds of a Kustomization want of its objects, the applied one first. */
  readonly desired: (key: string) => Iterable<DesiredObject>;
  /** Asks for a whole run of a Kustomization. */
  readonly enqueue: (key: string) => void;
  readonly overrideManagers: readonly string[];
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Drift that is corrected within so long is told in one message. */
const TELL_AFTER_MS = 5000;
/** Objects that are looked at side by side. */
const CONCURRENCY = 8;
const RETRY = { minMs: 250, maxMs: 10_000 };
const CORRECTION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** A drift that is not over: who is told of it, and when. */
interface Open {
  readonly owner: Owner;
  readonly drift: Drift;
  held: HeldNotice;
  /** Why it could not be corrected, as the held notice says. */
  failure: string | undefined;
  isTold: boolean;
  timer: Timer | undefined;
}

/**
 * Looks at each object that rings, corrects it or leaves it as the policy says, and tells people: once where it is over in
 * five seconds, else when it is seen and again when it is over.
 */
export class DriftCorrector implements Part, Corrections {
  readonly name = "drift";
  readonly #options: DriftCorrectorOptions;
  readonly #places = new Places(CONCURRENCY);
  /** By object. */
  readonly #open = new Map<string, Open>();
  /** Objects that are being looked at; true for one that has rung again meanwhile. */
  readonly #busy = new Map<string, boolean>();
  /** Objects whose correction failed: how often in a row, and when it is tried again. */
  readonly #retries = new Map<string, { readonly ring: Ring; readonly failures: number; readonly timer: Timer }>();
  readonly #detected: ReturnType<Meter["counter"]>;
  readonly #corrections: ReturnType<Meter["histogram"]>;
  /** What rang while nothing could be done about it, as while the lease could not be renewed: the newest ring of each object. */
  readonly #missed = new Map<string, Ring>();
  #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<void>>();

  constructor(options: DriftCorrectorOptions) {
    this.#options = options;
    this.#detected = options.meter.counter("plumb_drift_detected_total", "Objects that were found not to be as they were declared.");
    this.#corrections = options.meter.histogram("plumb_drift_correction_seconds", "Time from seeing drift to having corrected it.", CORRECTION_BUCKETS);
  }

  /** Takes rings until `signal` aborts; may run again then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const open of this.#open.values()) if (!open.isTold) open.timer = this.#options.clock.after(TELL_AFTER_MS, () => this.#tell(open));
    const missed = [...this.#missed.values()];
    this.#missed.clear();
    for (const ring of missed) this.ring(ring);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const { timer } of this.#retries.values()) timer.cancel();
    for (const { timer } of this.#open.values()) timer?.cancel();
    await Promise.all(this.#running);
  }

  /** An object may not be as it was left. */
  ring(ring: Ring): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) {
      this.#missed.set(ring.key, ring);
      return;
    }
    if (this.#busy.has(ring.key)) {
      this.#busy.set(ring.key, true);
      return;
    }
    this.#busy.set(ring.key, false);
    const work = this.#look(ring, signal).finally(() => {
      this.#running.delete(work);
      const isAgain = this.#busy.get(ring.key) === true;
      this.#busy.delete(ring.key);
      if (isAgain) this.ring(ring);
    });
    this.#running.add(work);
  }

  afterRun(owner: Owner, { drifted, inventory }: ApplyResult): void {
    const declared = new Set(inventory.map(({ id }) => id));
    const open = this.#openOf(owner);
    for (const key of open) if (!declared.has(key)) this.#drop(key);
    // why: what is known to be otherwise, and was found so, is no news
    const news = [...open.filter((key) => !drifted.includes(key)), ...drifted.filter((key) => !open.includes(key))];
    for (const key of news) if (declared.has(key)) this.ring({ owners: [owner], key, reason: "swept" });
  }

  forget(owner: Owner): void {
    for (const key of this.#openOf(owner)) this.#drop(key);
    for (const [key, { ring, timer }] of this.#retries) {
      if (!ring.owners.some((one) => isSame(one, owner))) continue;
      timer.cancel();
      this.#retries.delete(key);
    }
  }

  /** Looks again at every drift of a Kustomization that is not over, for its policy may be another. */
  reconsider(owner: Owner): void {
    for (const key of this.#openOf(owner)) this.ring({ owners: [owner], key, reason: "swept" });
  }

  #openOf(owner: Owner): readonly string[] {
    return [...this.#open].filter(([, open]) => isSame(open.owner, owner)).map(([key]) => key);
  }

  /** Ends a drift of an object that is no more ours to correct: what was seen is told, unless it has been. */
  #drop(key: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    this.#retries.get(key)?.timer.cancel();
    this.#retries.delete(key);
    if (open !== undefined && !open.isTold) this.#tell(open);
  }

  async #look(ring: Ring, signal: AbortSignal): Promise<void> {
    this.#retries.get(ring.key)?.timer.cancel();
    const release = await this.#places.take(signal).catch(() => undefined);
    if (release === undefined) return;
    try {
      const [owner] = ring.owners;
      if (owner !== undefined) await this.#check(ring, owner, signal);
    } catch (thrown) {
      this.#options.log.error("drift could not be looked at", { ...named(ring), error: toToolkitError(thrown).message });
    } finally {
      release();
    }
  }

  async #check(ring: Ring, owner: Owner, signal: AbortSignal): Promise<void> {
    const { client, baselines, kustomizations, overrideManagers, clock, enqueue } = this.#options;
    const obj = kustomizations.get(owner.namespace, owner.name);
    if (obj === undefined || obj.spec.suspend === true || obj.metadata.deletionTimestamp !== undefined) return;
    const desired = this.#desired(ring.key, owner);
    if (desired === undefined) {
      enqueue(`${owner.namespace}/${owner.name}`);
      return;
    }
    const revision = baselines.get(ring.key)?.revision ?? obj.status?.lastAppliedRevision ?? "";
    const outcome = await checkDrift({
      client,
      baselines,
      owner,
      desired,
      revision,
      overrideManagers,
      signal,
      isSensitive: false,
      mode: isObserved(obj, desired.object) ? "observe" : "enforce",
      nowMs: () => clock.nowMs(),
      onDrift: (drift) => this.#see(obj, owner, drift, revision),
    });
    await this.#conclude(obj, ring, outcome, revision);
  }

  /** The object as it was sent last; undefined where no build that is remembered has it so. */
  #desired(key: string, owner: Owner): DesiredObject | undefined {
    const sent = this.#options.baselines.get(key)?.desiredHash;
    for (const candidate of this.#options.desired(`${owner.namespace}/${owner.name}`)) {
      if (inventoryEntry(candidate.object).id === key && (sent === undefined || desiredHash(candidate, owner) === sent)) return candidate;
    }
    return undefined;
  }

  /** Before anything is written, what was seen is on disk. */
  async #see(obj: Kustomization, owner: Owner, drift: Drift, revision: string): Promise<void> {
    const { notifier, clock } = this.#options;
    const before = this.#open.get(drift.key);
    if (before !== undefined) return;
    this.#detected.add({ kind: drift.subject.split("/")[0] ?? "", manager: drift.managers[0] ?? "unknown" });
    const held = await notifier.hold(obj, detectedNotice(drift, revision, undefined));
    const open: Open = { owner, drift, held, failure: undefined, isTold: false, timer: undefined };
    open.timer = clock.after(TELL_AFTER_MS, () => this.#tell(open));
    this.#open.set(drift.key, open);
  }

  #tell(open: Open): void {
    open.timer?.cancel();
    open.isTold = true;
    open.held.release();
  }

  async #conclude(obj: Kustomization, ring: Ring, outcome: DriftOutcome, revision: string): Promise<void> {
    const { log, clock } = this.#options;
    switch (outcome.kind) {
      case "corrected":
        this.#corrections.observe({}, (outcome.correctedMs - outcome.drift.detectedMs) / 1000);
        await this.#close(obj, ring.key, outcome.correctedMs, revision);
        if (outcome.drift.subject.startsWith("Namespace/")) this.#retryAll();
        return;
      case "observed": {
        const open = this.#open.get(ring.key);
        if (open !== undefined && !open.isTold) this.#tell(open);
        return;
      }
      case "failed":
        if (outcome.error.kind === "cancelled") return;
        log.info("drift is not corrected yet, it is tried again", { ...named(ring), error: outcome.error.message });
        await this.#sayWhy(obj, ring.key, outcome.error, revision);
        this.#retryLater(ring);
        return;
      case "clean":
      case "reowned":
        await this.#close(obj, ring.key, clock.nowMs(), revision);
        return;
      case "claimed":
        log.info("an object is left to another Kustomization that has taken it", { ...named(ring), by: `${outcome.by.namespace}/${outcome.by.name}` });
        this.#drop(ring.key);
        return;
      case "exempt":
        this.#drop(ring.key);
        return;
      case "superseded":
        this.ring(ring);
        return;
      default:
        outcome satisfies never;
    }
  }

  /** Has the notice that waits say why the drift is still there. */
  async #sayWhy(obj: Kustomization, key: string, error: ToolkitError, revision: string): Promise<void> {
    const open = this.#open.get(key);
    if (open === undefined || open.isTold || open.failure === error.message) return;
    const { held } = open;
    open.failure = error.message;
    open.held = await this.#options.notifier.hold(obj, detectedNotice(open.drift, revision, error));
    await held.discard();
    if (open.isTold) open.held.release();
  }

  /** Ends a drift: in one message where nobody has been told of it. */
  async #close(obj: Kustomization, key: string, endedMs: number, revision: string): Promise<void> {
    this.#retries.delete(key);
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    open.timer?.cancel();
    const told = open.isTold ? resolvedNotice(open.drift, endedMs, revision) : correctedNotice(open.drift, endedMs, revision);
    await this.#options.notifier.notify(obj, [told]);
    await open.held.discard();
  }

  #retryLater(ring: Ring): void {
    const failures = this.#retries.get(ring.key)?.failures ?? 0;
    const timer = this.#options.clock.after(backoffMs(failures, RETRY), () => this.ring(ring));
    this.#retries.set(ring.key, { ring, failures: failures + 1, timer });
  }

  /** A namespace is back: what could not be created in it can be now. */
  #retryAll(): void {
    for (const { ring, timer } of this.#retries.values()) {
      timer.cancel();
      this.ring(ring);
    }
  }
}

function isSame(a: Owner, b: Owner): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

/** Which object of which Kustomization, as people write them. */
function named({ key, owners: [owner] }: Ring): Fields {
  const { kind, namespace, name } = parseInventoryId(key) ?? { kind: "", namespace: "", name: key };
  return {
    object: [kind, namespace, name].filter((part) => part !== "").join("/"),
    ...(owner === undefined ? {} : { kustomization: `${owner.namespace}/${owner.name}` }),
  };
}
