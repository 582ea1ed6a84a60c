import { groupVersionKind, OWNER_NAME_LABEL, type LiveObject } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import { isObject, toToolkitError, type Clock, type ErrorKind, type JsonObject, type Timer } from "@plumb/std";
import type { WatchHub } from "../watch-hub.ts";
import { watchObject } from "./watch-object.ts";
import { assessHealth, specOf, statusOf, type HealthStatus } from "./assess-health.ts";

/** Names an object whose health matters. */
export interface HealthTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** A Job that cleans itself away when it is done: absent, it counts as done (K-061). */
  readonly endsItself?: boolean;
}

/** How the objects that somebody waits for are, as a whole. */
export type Health =
  | { readonly kind: "healthy" }
  /** `Kind/ns/name status: 'InProgress'` of each that is not there yet, in the order of the targets. */
  | { readonly kind: "progressing"; readonly waiting: readonly string[] }
  /** The same of each that cannot become healthy by itself. */
  | { readonly kind: "failed"; readonly stalled: readonly string[] };

export interface HealthChecksOptions {
  readonly client: KubeClient;
  readonly hub: WatchHub;
  readonly clock: Clock;
  /** Called when something that `key` waits for has moved, at most once in 500 ms. */
  readonly wake: (key: string) => void;
}

/** Objects read at the same time. */
const CONCURRENCY = 8;
/** Events of one rollout come in bursts. */
const COALESCE_MS = 500;

interface Wait {
  /** How to end each watch, by target. */
  readonly watches: Map<string, () => void>;
  coalescing: Timer | undefined;
  again: Timer | undefined;
  /** True once something turned out to be unwatchable. */
  isBlind: boolean;
}

/**
 * Looks at the health of objects, and wakes whoever waits when one of them moves. A wait holds nothing but its watches, and
 * those only of what is not healthy yet.
 */
export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #waits = new Map<string, Wait>();

  constructor(options: HealthChecksOptions) {
    this.#options = options;
  }

  /**
   * Reads every target once. Those that are not healthy are watched from then on, until `forget` or until they are.
   *
   * @throws {ToolkitError} when an object could not be read; one that is absent is in progress
   */
  async assess(key: string, targets: readonly HealthTarget[], signal: AbortSignal): Promise<Health> {
    const judged = await this.#judgeAll(targets, signal);
    const open = judged.filter(({ status }) => status.state !== "Current");
    const stalled = open.filter(({ status }) => status.state === "Failed");
    if (open.length === 0) {
      this.forget(key);
      return { kind: "healthy" };
    }
    this.#watch(key, open);
    if (stalled.length > 0) return { kind: "failed", stalled: stalled.map(lineOf) };
    return { kind: "progressing", waiting: open.map(lineOf) };
  }

  /** Ends the watches and timers of `key`. */
  forget(key: string): void {
    const wait = this.#waits.get(key);
    if (wait === undefined) return;
    this.#waits.delete(key);
    for (const stop of wait.watches.values()) stop();
    wait.coalescing?.cancel();
    wait.again?.cancel();
  }

  async #judgeAll(targets: readonly HealthTarget[], signal: AbortSignal): Promise<readonly Judged[]> {
    const judged: Judged[] = [];
    const queue = targets.entries();
    const work = async (): Promise<void> => {
      for (const [index, target] of queue) judged[index] = await this.#judge(target, signal);
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, targets.length) }, work));
    return judged;
  }

  async #judge(target: HealthTarget, signal: AbortSignal): Promise<Judged> {
    const { client, clock } = this.#options;
    const resource = await this.#resourceOf(target, signal);
    if (resource === undefined) return { target, name: undefined, isLabelled: false, status: unserved(target) };
    const name: ObjectName = { resource, namespace: resource.isNamespaced ? target.namespace : undefined, name: target.name };
    const live = await client.get(name, { signal });
    if (live === undefined) return { target, name, isLabelled: false, status: absent(target) };
    const status = assessHealth(live, clock.nowMs());
    const isLabelled = live.metadata.labels?.[OWNER_NAME_LABEL] !== undefined;
    return { target, name, isLabelled, status: status.state === "InProgress" ? await this.#withPods(live, status, signal) : status };
  }

  /** At the version that is named, else at one that is served; a kind that is not served yet is one more thing to wait for. */
  async #resourceOf(target: HealthTarget, signal: AbortSignal): Promise<Resource | undefined> {
    const { client } = this.#options;
    const applied = await client.resourceFor(target, signal).catch(undefinedIf("missing"));
    // why: the server has just answered, so that what is unavailable is the group alone
    return applied ?? client.resourceOf(groupVersionKind(target), signal).catch(undefinedIf("missing", "unavailable"));
  }

  /** A workload that is not there yet has failed when one of its Pods has (K-066). */
  async #withPods(live: LiveObject, status: HealthStatus, signal: AbortSignal): Promise<HealthStatus> {
    const selector = podSelector(live);
    if (selector === undefined) return status;
    const pods = { group: "", version: "v1", plural: "pods" };
    const { items } = await this.#options.client.list(pods, { namespace: live.metadata.namespace, labelSelector: selector, transform: phaseOnly, signal });
    const failures = items.filter((pod) => statusOf(pod)["phase"] === "Failed").length;
    return failures === 0 ? status : { state: "Failed", message: `${failures} pods have failed` };
  }

  #watch(key: string, open: readonly Judged[]): void {
    const wait = this.#waits.get(key) ?? { watches: new Map<string, () => void>(), coalescing: undefined, again: undefined, isBlind: false };
    this.#waits.set(key, wait);
    const wanted = new Map(open.map((judged) => [subjectOf(judged.target), judged]));
    for (const [subject, stop] of wait.watches) {
      if (wanted.has(subject)) continue;
      stop();
      wait.watches.delete(subject);
    }
    for (const [subject, judged] of wanted) {
      if (judged.name === undefined || wait.watches.has(subject)) continue;
      wait.watches.set(
        subject,
        watchObject(this.#options.hub, judged.name, judged.isLabelled, {
          onMoved: () => this.#coalesce(key),
          onBlind: () => {
            wait.isBlind = true;
            this.#wakeIn(key, wait, POLL_MS);
          },
        }),
      );
      // why: it may have moved between the read and the watch
      this.#coalesce(key);
    }
    const isUnseen = wait.isBlind || open.some(({ name }) => name === undefined);
    this.#wakeIn(key, wait, Math.min(...open.map(({ status }) => status.againInMs ?? Infinity), isUnseen ? POLL_MS : Infinity));
  }

  #wakeIn(key: string, wait: Wait, delayMs: number): void {
    wait.again?.cancel();
    wait.again = delayMs === Infinity ? undefined : this.#options.clock.after(delayMs, () => this.#options.wake(key));
  }

  #coalesce(key: string): void {
    const { clock, wake } = this.#options;
    const wait = this.#waits.get(key);
    if (wait === undefined || wait.coalescing !== undefined) return;
    wait.coalescing = clock.after(COALESCE_MS, () => {
      wait.coalescing = undefined;
      wake(key);
    });
  }
}

/** Milliseconds between two looks at what cannot be watched: a kind that is not served, a right that is not granted (K-060). */
const POLL_MS = 5000;

interface Judged {
  readonly target: HealthTarget;
  readonly name: ObjectName | undefined;
  /** True for an object that the watch of all applied objects shows. */
  readonly isLabelled: boolean;
  readonly status: HealthStatus;
}

function absent({ endsItself }: HealthTarget): HealthStatus {
  return endsItself === true ? { state: "Current", message: "Job has ended and is gone" } : { state: "NotFound", message: "Resource not found" };
}

function unserved(target: HealthTarget): HealthStatus {
  const { group } = groupVersionKind(target);
  return target.endsItself === true ? absent(target) : { state: "Unknown", message: `no matches for kind "${target.kind}" in group "${group}"` };
}

function undefinedIf(...kinds: readonly ErrorKind[]): (thrown: unknown) => undefined {
  return (thrown) => {
    const error = toToolkitError(thrown);
    if (!kinds.includes(error.kind)) throw error;
    return undefined;
  };
}

function subjectOf({ kind, namespace, name }: HealthTarget): string {
  return (namespace ?? "") === "" ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

function lineOf({ target, status }: Judged): string {
  const why = status.state === "Unknown" ? `: ${status.message}` : "";
  return `${subjectOf(target)} status: '${status.state}'${why}`;
}

const WITH_PODS = new Set(["Deployment", "ReplicaSet", "StatefulSet"]);

/** Label selector of a workload's Pods; undefined for other kinds and for selectors without plain labels. */
function podSelector(live: LiveObject): string | undefined {
  if (!WITH_PODS.has(live.kind) || !live.apiVersion.startsWith("apps/")) return undefined;
  const selector = specOf(live)["selector"];
  const labels: JsonObject = isObject(selector) && isObject(selector["matchLabels"]) ? selector["matchLabels"] : {};
  const terms = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  return terms.length === 0 ? undefined : terms.join(",");
}

function phaseOnly(pod: LiveObject): LiveObject {
  const { apiVersion, kind, metadata } = pod;
  return { apiVersion, kind, metadata, status: { phase: statusOf(pod)["phase"] } };
}
