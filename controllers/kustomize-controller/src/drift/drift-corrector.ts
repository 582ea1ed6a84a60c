import { parseInventoryId, type Kustomization } from "@plumb/api";
import { checkDrift, type ApplyResult, type Baselines, type Drift, type DriftOutcome, type ObjectKey, type Owner, type Ring } from "@plumb/apply";
import type { KubeClient } from "@plumb/kube";
import { keyOf, Places, type Notifier, type Part } from "@plumb/runtime";
import { aborted, backoffMs, toToolkitError, type Clock, type Fields, type Log, type Meter, type Timer } from "@plumb/std";
import type { Corrections, Find } from "../kustomization/contracts.ts";
import { isActive, isObserved } from "./drift-policy.ts";
import { OpenDrift } from "./open-drift.ts";
import { isOvertaken, wantedBy, type Memory, type Wanted } from "./wanted.ts";

export interface DriftCorrectorOptions extends Memory {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly kustomizations: Find<Kustomization>;
  /** Asks for a whole run of a Kustomization. */
  readonly enqueue: (key: string) => void;
  readonly overrideManagers: readonly string[];
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Objects that are looked at side by side. */
const CONCURRENCY = 8;
const RETRY = { minMs: 250, maxMs: 10_000 };
/** For a run to create what was deleted, before it is created as it was. */
const RUN_FIRST_MS = 5000;
const CORRECTION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** What is known of an object that has rung, until it is as declared, or nobody's to correct, and not looked at. */
interface Case {
  /** The newest. */
  ring: Ring;
  /**
   * `due`: it is looked at as soon as that is possible, which it is not while the lease cannot be renewed. `looking-again`:
   * it has rung during the look, so that another follows.
   */
  state: "resting" | "due" | "looking" | "looking-again";
  /** Corrections that failed in a row. */
  failures: number;
  /** When it is looked at again, after a failure or where a run goes first; undefined during a look until that is known. */
  retry: Timer | undefined;
  open: OpenDrift | undefined;
}

/**
 * Looks at each object that rings, corrects it or leaves it as the policy says, and tells people: once where it is over in
 * five seconds, else when it is seen and again when it is over.
 */
export class DriftCorrector implements Part, Corrections {
  readonly name = "drift";
  readonly #options: DriftCorrectorOptions;
  readonly #places = new Places(CONCURRENCY);
  readonly #cases = new Map<ObjectKey, Case>();
  readonly #looks = new Set<Promise<void>>();
  readonly #detected: ReturnType<Meter["counter"]>;
  readonly #corrections: ReturnType<Meter["histogram"]>;
  /** Aborted while nothing may be written. */
  #signal = AbortSignal.abort();

  constructor(options: DriftCorrectorOptions) {
    this.#options = options;
    this.#detected = options.meter.counter("plumb_drift_detected_total", "Objects that were found not to be as they were declared.");
    this.#corrections = options.meter.histogram("plumb_drift_correction_seconds", "Time from seeing drift to having corrected it.", CORRECTION_BUCKETS);
  }

  /** Takes rings until `signal` aborts; may run again then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const one of this.#cases.values()) {
      one.open?.tellSoon();
      if (one.state === "due" || one.retry !== undefined) this.#look(one);
    }
    await aborted(signal);
    await Promise.all(this.#looks);
    for (const { retry, open } of this.#cases.values()) {
      retry?.cancel();
      open?.pause();
    }
  }

  /** An object may not be as it was left. */
  ring(ring: Ring): void {
    const one = this.#cases.get(ring.key) ?? { ring, state: "resting", failures: 0, retry: undefined, open: undefined };
    this.#cases.set(ring.key, one);
    one.ring = ring;
    this.#look(one);
  }

  afterRun(owner: Owner, { drifted, inventory }: ApplyResult): void {
    const declared = new Set(inventory.map(({ id }) => id));
    const open = this.#openOf(owner);
    for (const one of open) if (!declared.has(one.ring.key)) this.#drop(one);
    // why: what is known to be otherwise, and was found so, is no news
    const keys = open.map(({ ring }) => ring.key);
    const news = [...keys.filter((key) => !drifted.includes(key)), ...drifted.filter((key) => !keys.includes(key))];
    for (const key of news) if (declared.has(key)) this.ring({ owners: [owner], key, reason: "swept" });
  }

  forget(owner: Owner): void {
    for (const one of this.#cases.values()) {
      const owners = one.open === undefined ? one.ring.owners : [one.open.owner];
      if (!owners.some((each) => isSame(each, owner))) continue;
      this.#drop(one);
      // why: a look that is under way may still see a drift; the next one finds that there is nobody to correct it for
      if (one.state === "looking") one.state = "looking-again";
    }
  }

  /** Looks again at every drift of a Kustomization that is not over, for its policy may be another. */
  reconsider(owner: Owner): void {
    for (const { ring } of this.#openOf(owner)) this.ring({ owners: [owner], key: ring.key, reason: "swept" });
  }

  #openOf(owner: Owner): readonly Case[] {
    return [...this.#cases.values()].filter(({ open }) => open !== undefined && isSame(open.owner, owner));
  }

  #look(one: Case): void {
    one.retry?.cancel();
    one.retry = undefined;
    if (one.state === "looking" || one.state === "looking-again") {
      one.state = "looking-again";
      return;
    }
    const signal = this.#signal;
    one.state = signal.aborted ? "due" : "looking";
    if (signal.aborted) return;
    const look = this.#lookOnce(one, signal).finally(() => {
      this.#looks.delete(look);
      if (one.retry === undefined) one.failures = 0;
      // why: a look that was stopped may not have come to its end
      const isDue = one.state === "looking-again" || signal.aborted;
      one.state = "resting";
      if (isDue) this.#look(one);
      else this.#forgetSettled(one);
    });
    this.#looks.add(look);
  }

  async #lookOnce(one: Case, signal: AbortSignal): Promise<void> {
    const release = await this.#places.take(signal).catch(() => undefined);
    if (release === undefined) return;
    try {
      await this.#check(one, signal);
    } catch (thrown) {
      this.#options.log.error("drift could not be looked at", { ...named(one.ring), error: toToolkitError(thrown).message });
    } finally {
      release();
    }
  }

  /** Looks at the object for whoever wrote it last: while it moves from one Kustomization to another, both inventories name it. */
  async #check(one: Case, signal: AbortSignal): Promise<void> {
    const { kustomizations, enqueue } = this.#options;
    const known = one.ring.owners.flatMap((owner) => {
      const obj = kustomizations.get(owner.namespace, owner.name);
      return obj === undefined ? [] : [{ owner, obj }];
    });
    if (known.length === 0) return this.#drop(one);
    const active = known.filter(({ obj }) => isActive(obj));
    for (const { owner, obj } of active) {
      const wanted = wantedBy(owner, obj, one.ring.key, this.#options);
      if (wanted === undefined) continue;
      if (one.ring.reason === "deleted" && isOvertaken(wanted, one.ring.key, this.#options)) return this.#letRunFirst(one, wanted);
      return this.#checkFor(one, wanted, signal);
    }
    for (const { obj } of active) enqueue(keyOf(obj));
  }

  /** Somebody may have deleted it because it cannot be changed into what is wanted. What the run does not bring is restored. */
  #letRunFirst(one: Case, { obj }: Wanted): void {
    one.ring = { ...one.ring, reason: "swept" };
    this.#options.enqueue(keyOf(obj));
    one.retry = this.#options.clock.after(RUN_FIRST_MS, () => this.#look(one));
  }

  async #checkFor(one: Case, wanted: Wanted, signal: AbortSignal): Promise<void> {
    const { client, baselines, overrideManagers, clock } = this.#options;
    const { owner, obj, desired, revision } = wanted;
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
      onDrift: (drift) => this.#see(one, wanted, drift),
      mayWrite: () => this.#mayWrite(wanted),
    });
    await this.#conclude(one, wanted, outcome);
  }

  /** Whoever suspends a Kustomization and then edits an object means the edit to stay, though both are seen in either order. */
  #mayWrite({ owner, desired }: Wanted): boolean {
    const obj = this.#options.kustomizations.get(owner.namespace, owner.name);
    return obj !== undefined && isActive(obj) && !isObserved(obj, desired.object);
  }

  /** Before anything is written, what was seen is on disk. */
  async #see(one: Case, wanted: Wanted, drift: Drift): Promise<void> {
    if (one.open !== undefined) return;
    this.#detected.add({ kind: drift.subject.split("/")[0] ?? "", manager: drift.managers[0] ?? "unknown" });
    one.open = await OpenDrift.see(wanted, drift, this.#options);
  }

  async #conclude(one: Case, wanted: Wanted, outcome: DriftOutcome): Promise<void> {
    const { log, clock } = this.#options;
    switch (outcome.kind) {
      case "corrected":
        this.#corrections.observe({}, (outcome.correctedMs - outcome.drift.detectedMs) / 1000);
        await this.#close(one, wanted, outcome.correctedMs);
        // why: what could not be created in a namespace can be now that it is back
        if (outcome.drift.subject.startsWith("Namespace/")) for (const other of this.#cases.values()) if (other.failures > 0) this.#look(other);
        return;
      case "observed":
        one.open?.tell();
        return;
      case "failed":
        if (outcome.error.kind !== "cancelled") {
          log.info("drift is not corrected yet, it is tried again", { ...named(one.ring), error: outcome.error.message });
          await one.open?.explain(wanted, outcome.error);
        }
        this.#lookLater(one);
        return;
      case "clean":
      case "reowned":
        await this.#close(one, wanted, clock.nowMs());
        return;
      case "claimed":
        log.info("an object is left to another Kustomization that has taken it", { ...named(one.ring), by: `${outcome.by.namespace}/${outcome.by.name}` });
        this.#drop(one);
        return;
      case "exempt":
        this.#drop(one);
        return;
      case "superseded":
        this.#look(one);
        return;
      default:
        outcome satisfies never;
    }
  }

  #lookLater(one: Case): void {
    one.retry?.cancel();
    one.retry = this.#options.clock.after(backoffMs(one.failures, RETRY), () => this.#look(one));
    one.failures++;
  }

  /** The object is as it was declared. */
  async #close(one: Case, wanted: Wanted, endedMs: number): Promise<void> {
    const { open } = one;
    one.open = undefined;
    await open?.end(wanted, endedMs);
  }

  /** The object is no more ours to correct: what was seen is told, unless it has been. */
  #drop(one: Case): void {
    one.retry?.cancel();
    one.retry = undefined;
    one.open?.tell();
    one.open = undefined;
    this.#forgetSettled(one);
  }

  #forgetSettled({ ring, state, retry, open }: Case): void {
    if (state === "resting" && retry === undefined && open === undefined) this.#cases.delete(ring.key);
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
