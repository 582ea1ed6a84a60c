import { parseInventoryId, type InventoryEntry, type LiveObject } from "@plumb/api";
import { isBehind, type KubeClient, type ObjectName, type Replaced, type Resource } from "@plumb/kube";
import { ToolkitError, toToolkitError, type Clock, type Timer } from "@plumb/std";
import type { ObjectKey } from "../baseline.ts";
import type { Baselines } from "../baselines.ts";
import type { Owner } from "../owner.ts";
import { objectOf } from "../pruner.ts";
import type { WatchHub } from "../watch-hub.ts";
import { Budget, ringReason, type RingReason } from "./doorbell.ts";
import { ScopedWatch } from "./scoped-watch.ts";
import { sweepKind } from "./sweep.ts";

export interface Ring {
  /** Everybody whose inventory names the object. */
  readonly owners: readonly Owner[];
  readonly key: ObjectKey;
  readonly reason: RingReason | "swept";
}

export interface DriftWatchOptions {
  readonly client: KubeClient;
  readonly hub: WatchHub;
  readonly baselines: Baselines;
  readonly clock: Clock;
  /** Called for an object that may have drifted; its baseline is doubted by then. */
  readonly ring: (ring: Ring) => void;
  /** Watches open at once; beyond, objects are left to the sweep and the interval. */
  readonly maxWatches?: number;
}

/** A deleted object may come back in the same moment, by whoever deleted it. */
const CONFIRM_DELETION_MS = 300;
const DEFAULT_MAX_WATCHES = 2000;

/**
 * Watches everything that is in an inventory, by its metadata alone, and rings when it may not be as it was applied. One
 * watch for each kind serves all owners. Whose object it is says the inventory, never a label.
 */
export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #budget = new Budget();
  /** By `namespace/name`. */
  readonly #owners = new Map<string, { readonly owner: Owner; readonly keys: Set<ObjectKey> }>();
  /** Ids of those whose inventory names an object. No empty set. */
  readonly #claims = new Map<ObjectKey, Set<string>>();
  /** By group, version and plural. No watch without a member. */
  readonly #watches = new Map<string, ScopedWatch>();
  /** Which watch an object is in. */
  readonly #watchOf = new Map<ObjectKey, ScopedWatch>();
  /** Events that came during a write of ours: the newest of each object. */
  readonly #held = new Map<ObjectKey, LiveObject>();
  /** Rings that wait for their time, and deletions that wait for their proof. */
  readonly #timers = new Map<string, Timer>();
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;

  constructor(options: DriftWatchOptions) {
    this.#options = options;
    this.#unsubscribe = options.baselines.onSettled((key) => this.#release(key));
  }

  /** Watches exactly `entries` for `owner` from now on. @throws {ToolkitError} when a kind could not be looked up, all others being watched */
  async follow(owner: Owner, entries: readonly InventoryEntry[], signal: AbortSignal): Promise<void> {
    const id = ownerId(owner);
    const known = this.#owners.get(id)?.keys ?? new Set<ObjectKey>();
    const wanted = new Set(entries.map(({ id: key }) => key));
    this.#owners.set(id, { owner, keys: wanted });
    for (const key of wanted) this.#claim(key, id);
    for (const key of known) if (!wanted.has(key)) this.#leave(key, id);
    const failures: ToolkitError[] = [];
    for (const entry of entries) {
      if (this.#watchOf.has(entry.id)) continue;
      try {
        await this.#join(entry, signal);
      } catch (thrown) {
        failures.push(toToolkitError(thrown));
      }
    }
    const [first] = failures.filter(({ kind }) => kind !== "missing");
    if (first !== undefined) throw first;
  }

  forget(owner: Owner): void {
    const id = ownerId(owner);
    const keys = this.#owners.get(id)?.keys ?? new Set<ObjectKey>();
    this.#owners.delete(id);
    for (const key of keys) this.#leave(key, id);
  }

  /** False for what nobody watches: it needs a dry run at every interval. */
  isWatched(key: ObjectKey): boolean {
    return this.#watchOf.get(key)?.sees(key) ?? false;
  }

  /** Objects of an owner that cannot be watched, such as by lack of a right. One whose watch is only being opened is none. */
  blindSpots(owner: Owner): readonly ObjectKey[] {
    return [...(this.#owners.get(ownerId(owner))?.keys ?? [])].filter((key) => this.#watchOf.get(key)?.isBlind(key) === true);
  }

  /** Compares every watched object by value, from paged lists; rings for what is not as it was left. What cannot be listed is doubted. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { client, baselines } = this.#options;
    for (const watch of this.#watches.values()) {
      watch.reconsider();
      const found = await sweepKind(client, watch, signal).catch(toToolkitError);
      if (found instanceof ToolkitError) {
        if (found.kind === "cancelled") throw found;
        for (const { key } of watch.members()) baselines.doubt(key);
        continue;
      }
      for (const { key, namespace, name } of watch.members()) {
        const baseline = baselines.get(key);
        if (baseline === undefined || baselines.isWriting(key)) continue;
        const seen = found.get(key);
        if (seen === undefined) this.#suspect(key, { resource: watch.resource, namespace, name });
        else if (seen.uid !== baseline.uid || seen.valuesHash !== baseline.valuesHash) this.#ring(key, "swept");
      }
    }
  }

  /** Ends all watches and timers. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    for (const timer of this.#timers.values()) timer.cancel();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    await this.#options.hub.close();
  }

  async #join(entry: InventoryEntry, signal: AbortSignal): Promise<void> {
    const object = objectOf(entry);
    if (object === undefined) return;
    const resource = await this.#options.client.resourceFor(object, signal);
    if (this.#watchOf.has(entry.id) || !this.#claims.has(entry.id)) return;
    const watch = this.#watchFor(resource);
    this.#watchOf.set(entry.id, watch);
    watch.add({ key: entry.id, namespace: object.metadata.namespace, name: object.metadata.name });
  }

  #watchFor(resource: Resource): ScopedWatch {
    const id = [resource.group, resource.version, resource.plural].join("/");
    const known = this.#watches.get(id);
    if (known !== undefined) return known;
    const { hub, maxWatches = DEFAULT_MAX_WATCHES } = this.#options;
    const watch = new ScopedWatch({
      resource,
      hub,
      mayOpen: () => hub.size < maxWatches,
      onPut: (key, item, listed) => this.#examine(key, item, listed),
      onGone: (key, item) => {
        if (item !== undefined && this.#options.baselines.takeDeletion(item.metadata.uid)) return;
        this.#suspect(key, nameOf(key, resource));
      },
    });
    this.#watches.set(id, watch);
    return watch;
  }

  #claim(key: ObjectKey, id: string): void {
    const ids = this.#claims.get(key) ?? new Set<string>();
    this.#claims.set(key, ids.add(id));
  }

  /** Forgets an object that no inventory names any more. */
  #leave(key: ObjectKey, id: string): void {
    const ids = this.#claims.get(key);
    ids?.delete(id);
    if (ids !== undefined && ids.size > 0) return;
    this.#claims.delete(key);
    const watch = this.#watchOf.get(key);
    this.#watchOf.delete(key);
    this.#held.delete(key);
    this.#options.baselines.forget(key);
    this.#budget.forget(key);
    this.#cancel(`ring ${key}`);
    this.#cancel(`gone ${key}`);
    watch?.remove(key);
    if (watch === undefined || watch.size > 0) return;
    for (const [id, other] of this.#watches) if (other === watch) this.#watches.delete(id);
  }

  #examine(key: ObjectKey, item: LiveObject, listed?: Pick<Replaced, "resourceVersion" | "isSetBack">): void {
    const { baselines } = this.#options;
    this.#cancel(`gone ${key}`);
    const known = baselines.get(key)?.resourceVersion;
    // why: a list taken after our write that does not have it comes from a cluster that was set back
    const isUndone =
      listed?.isSetBack === true || (known !== undefined && isBehind(item.metadata.resourceVersion, known) && !isBehind(listed?.resourceVersion ?? "", known));
    if (known !== undefined && listed !== undefined && isUndone) return this.#ring(key, "version");
    if (baselines.isWriting(key)) {
      this.#held.set(key, item);
      return;
    }
    const baseline = baselines.get(key);
    if (baseline === undefined) return;
    const reason = ringReason(item, baseline);
    if (reason !== undefined) this.#ring(key, reason);
    else baselines.moveTo(key, newer(baseline.resourceVersion, item.metadata.resourceVersion));
  }

  #release(key: ObjectKey): void {
    const item = this.#held.get(key);
    if (item === undefined) return;
    this.#held.delete(key);
    this.#examine(key, item);
  }

  #ring(key: ObjectKey, reason: Ring["reason"]): void {
    const { baselines, clock, ring } = this.#options;
    baselines.doubt(key);
    if (reason !== "deleted" && this.#timers.has(`ring ${key}`)) return;
    const tell = (): void => {
      this.#timers.delete(`ring ${key}`);
      const owners = this.#ownersOf(key);
      if (owners.length > 0) ring({ owners, key, reason });
    };
    // an object that is gone does no harm to bring back at once: nobody can be fighting over it
    const delayMs = reason === "deleted" ? 0 : this.#budget.grant(key, clock.monotonicMs());
    this.#cancel(`ring ${key}`);
    if (delayMs === 0) tell();
    else this.#timers.set(`ring ${key}`, clock.after(delayMs, tell));
  }

  /** An object that seems to be gone is asked for once more, a moment later. */
  #suspect(key: ObjectKey, name: ObjectName): void {
    const { baselines, clock } = this.#options;
    if (!baselines.has(key) || this.#timers.has(`gone ${key}`)) return;
    this.#timers.set(
      `gone ${key}`,
      clock.after(CONFIRM_DELETION_MS, () => {
        this.#timers.delete(`gone ${key}`);
        void this.#confirm(key, name);
      }),
    );
  }

  async #confirm(key: ObjectKey, name: ObjectName): Promise<void> {
    try {
      const live = await this.#options.client.get(name, { metadataOnly: true, signal: this.#stop.signal });
      if (live === undefined) this.#ring(key, "deleted");
      else this.#examine(key, live);
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "cancelled") this.#ring(key, "deleted");
    }
  }

  #cancel(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  #ownersOf(key: ObjectKey): readonly Owner[] {
    return [...(this.#claims.get(key) ?? [])].flatMap((id) => this.#owners.get(id)?.owner ?? []);
  }
}

function ownerId({ namespace, name }: Owner): string {
  return `${namespace}/${name}`;
}

function nameOf(key: ObjectKey, resource: Resource): ObjectName {
  const { namespace = "", name = "" } = parseInventoryId(key) ?? {};
  return { resource, namespace: namespace === "" ? undefined : namespace, name };
}

function newer(a: string, b: string): string {
  return isBehind(b, a) ? a : b;
}
