import { inventoryId, OWNER_NAME_LABEL, type LiveObject } from "@plumb/api";
import { isForbidden, type Delta, type Replaced, type Resource, type WatchEvent } from "@plumb/kube";
import { remember, type ToolkitError } from "@plumb/std";
import type { ObjectKey } from "../baseline.ts";
import type { WatchHub, WatchTarget } from "../watch-hub.ts";

/** An object that somebody's inventory names. */
export interface Member {
  readonly key: ObjectKey;
  /** Undefined for cluster scope. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface ScopedWatchOptions {
  readonly resource: Resource;
  readonly hub: WatchHub;
  /** False when no more watches may be opened. */
  readonly mayOpen: () => boolean;
  /** With the version of the list that showed it, which no object's newest version is behind. */
  readonly onPut: (key: ObjectKey, item: LiveObject, listed?: Pick<Replaced, "resourceVersion" | "isSetBack">) => void;
  /** Gone, or no longer labelled as ours; undefined where a list lacked it. */
  readonly onGone: (key: ObjectKey, item: LiveObject | undefined) => void;
}

/** A part of what is watched: everywhere, one namespace, or one object. */
interface Scope extends WatchTarget {
  readonly id: string;
  readonly covers: (member: Member) => boolean;
}

type State = "opening" | "seeing" | "denied";

const MAX_EARLY = 1000;
/** Refusals in a row after which a watch that worked is taken for forbidden: an API server that starts refuses for some seconds. */
const MAX_REFUSALS = 5;

/**
 * The members of one kind, watched as widely as is allowed: all namespaces with one watch, else each namespace with one,
 * else each object by its name, else not at all.
 */
export class ScopedWatch {
  readonly #options: ScopedWatchOptions;
  readonly #members = new Map<ObjectKey, Member>();
  /** The last that was heard of objects with an owner that are no members yet: they are being applied right now. At most MAX_EARLY. */
  readonly #early = new Map<ObjectKey, WatchEvent & { readonly kind: "put" | "gone" }>();
  /** By scope id. A denied scope stays, so that it is not tried again and its narrower scopes are. */
  readonly #scopes = new Map<string, { readonly scope: Scope; state: State; refusals: number; stop: () => void }>();

  constructor(options: ScopedWatchOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#members.size;
  }

  get resource(): Resource {
    return this.#options.resource;
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  add(member: Member): void {
    const { onPut, onGone } = this.#options;
    this.#members.set(member.key, member);
    this.#open(this.#scopeFor(member));
    const early = this.#early.get(member.key);
    this.#early.delete(member.key);
    if (early?.kind === "put") onPut(member.key, early.item);
    else if (early?.kind === "gone") onGone(member.key, early.item);
  }

  /** Namespaces to list, so that every member is in one list; undefined stands for all at once. */
  namespaces(): readonly (string | undefined)[] {
    const all = new Set([...this.#members.values()].map(({ namespace }) => namespace));
    return all.size === 1 || this.#scopes.get("all")?.state === "denied" ? [...all] : [undefined];
  }

  remove(key: ObjectKey): void {
    this.#members.delete(key);
    const left = [...this.#members.values()];
    for (const [id, { scope, stop }] of this.#scopes) {
      if (left.some((member) => scope.covers(member))) continue;
      stop();
      this.#scopes.delete(id);
    }
  }

  /** Tries again what was forbidden, for rights change. */
  reconsider(): void {
    const denied = [...this.#scopes].filter(([, { state }]) => state === "denied");
    if (denied.length === 0) return;
    for (const { stop } of this.#scopes.values()) stop();
    this.#scopes.clear();
    for (const member of this.#members.values()) this.#open(this.#scopeFor(member));
  }

  /** True once a watch has shown the object as it is; false for one that cannot be watched. */
  sees(key: ObjectKey): boolean {
    const member = this.#members.get(key);
    return member !== undefined && [...this.#scopes.values()].some(({ scope, state }) => state === "seeing" && scope.covers(member));
  }

  /** True for an object that no watch may show: none is allowed, or there are too many. */
  isBlind(key: ObjectKey): boolean {
    const member = this.#members.get(key);
    if (member === undefined) return false;
    const scope = this.#scopeFor(member);
    return scope === undefined || !this.#scopes.has(scope.id);
  }

  close(): void {
    for (const { stop } of this.#scopes.values()) stop();
    this.#scopes.clear();
    this.#members.clear();
    this.#early.clear();
  }

  /** The widest scope that was not denied; undefined where all were. */
  #scopeFor(member: Member): Scope | undefined {
    const { resource } = this.#options;
    const labelSelector = OWNER_NAME_LABEL;
    const { namespace, name } = member;
    const scopes: Scope[] = [{ id: "all", resource, labelSelector, covers: () => true }];
    if (namespace !== undefined)
      scopes.push({ id: `namespace ${namespace}`, resource, namespace, labelSelector, covers: (other) => other.namespace === namespace });
    scopes.push({
      id: `object ${namespace ?? ""}/${name}`,
      resource,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      covers: (other) => other.namespace === namespace && other.name === name,
    });
    return scopes.find(({ id }) => this.#scopes.get(id)?.state !== "denied");
  }

  #open(scope: Scope | undefined): void {
    const { hub, mayOpen } = this.#options;
    if (scope === undefined || this.#scopes.has(scope.id) || !mayOpen()) return;
    const entry = { scope, state: "opening" as State, refusals: 0, stop: (): void => undefined };
    this.#scopes.set(scope.id, entry);
    entry.stop = hub.subscribe(scope, {
      onDelta: (delta) => {
        entry.state = "seeing";
        entry.refusals = 0;
        this.#take(scope, delta);
      },
      onError: (error) => this.#failed(scope.id, error),
    });
  }

  /** A watch that is forbidden is given up for narrower ones. */
  #failed(id: string, error: ToolkitError): void {
    const entry = this.#scopes.get(id);
    if (entry === undefined || !isForbidden(error) || entry.state === "denied") return;
    entry.refusals += 1;
    if (entry.state === "seeing" && entry.refusals < MAX_REFUSALS) return;
    entry.state = "denied";
    entry.stop();
    for (const member of this.#members.values()) if (entry.scope.covers(member)) this.#open(this.#scopeFor(member));
  }

  #take(scope: Scope, delta: Delta): void {
    const { onPut, onGone } = this.#options;
    switch (delta.kind) {
      case "replaced": {
        const items = new Map(delta.items.map((item) => [this.#keyOf(item), item]));
        for (const [key, item] of items) if (!this.#members.has(key)) this.#keepEarly(key, { kind: "put", item });
        for (const member of this.#members.values()) {
          if (!scope.covers(member)) continue;
          const item = items.get(member.key);
          if (item === undefined) onGone(member.key, undefined);
          else onPut(member.key, item, delta);
        }
        return;
      }
      case "put":
      case "gone": {
        const key = this.#keyOf(delta.item);
        if (!this.#members.has(key)) this.#keepEarly(key, delta);
        else if (delta.kind === "put") onPut(key, delta.item);
        else onGone(key, delta.item);
        return;
      }
      default:
        return;
    }
  }

  #keepEarly(key: ObjectKey, event: WatchEvent & { readonly kind: "put" | "gone" }): void {
    remember(this.#early, key, event, MAX_EARLY);
  }

  /** By the kind that is watched: metadata alone does not say it. */
  #keyOf({ metadata }: LiveObject): ObjectKey {
    const { group, kind } = this.#options.resource;
    return inventoryId({ namespace: metadata.namespace ?? "", name: metadata.name, group, kind });
  }
}
