import type { LiveObject } from "@plumb/api";
import type { ToolkitError } from "@plumb/std";
import { afterEach, describe, expect, it } from "vitest";
import type { KubeClient, WatchEvent } from "./kube-client.ts";
import { leanObject, Store, type StoreChange, type StoreOptions } from "./store.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function object(name: string, version: number, labels: Readonly<Record<string, string>> = {}, uid = `uid-${name}`): LiveObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "apps", uid, resourceVersion: `${version}`, labels } };
}

/** A list and a watch that a test feeds: pushing an event tells it, pushing undefined makes the version expire. */
class Feed implements Pick<KubeClient, "list" | "watch"> {
  listed: LiveObject[] = [];
  #version = 1_000;
  readonly #queue: (WatchEvent | undefined)[] = [];
  #wake: () => void = () => undefined;

  async list(): ReturnType<KubeClient["list"]> {
    return { items: this.listed, resourceVersion: `${this.#version++}` };
  }

  async *watch(_resource: unknown, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<WatchEvent> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      while (this.#queue.length > 0) {
        const event = this.#queue.shift();
        if (event === undefined) return;
        yield event;
      }
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  push(...events: (WatchEvent | undefined)[]): void {
    this.#queue.push(...events);
    this.#wake();
  }
}

function started(feed: Pick<KubeClient, "list" | "watch">, options: Partial<StoreOptions> = {}): { store: Store; told: string[]; errors: ToolkitError[] } {
  const errors: ToolkitError[] = [];
  const store = new Store({ client: feed, resource: CONFIG_MAPS, onError: (error) => errors.push(error), random: () => 0, ...options });
  const told: string[] = [];
  store.subscribe((change) => told.push(short(change)));
  const stop = new AbortController();
  const running = store.run(stop.signal);
  stops.push(() => {
    stop.abort();
    return running;
  });
  return { store, told, errors };
}

function short({ before, after, isSetBack }: StoreChange): string {
  const side = (one: LiveObject | undefined): string => (one === undefined ? "-" : `${one.metadata.name}@${one.metadata.resourceVersion}`);
  return `${side(before)} → ${side(after)}${isSetBack === true ? " set back" : ""}`;
}

const { signal } = new AbortController();

describe("Store", () => {
  it("holds what is listed and what changes, and tells each change once", async () => {
    const feed = new Feed();
    feed.listed = [object("a", 1), object("b", 2)];
    const { store, told } = started(feed);
    expect([store.isSynced, store.get("apps", "a")]).toEqual([false, undefined]);
    await store.waitSynced(signal);
    feed.push(
      { kind: "put", item: object("a", 1_001) },
      { kind: "put", item: object("a", 1_001) },
      { kind: "gone", item: object("b", 1_002) },
      { kind: "bookmark", resourceVersion: "1003" },
    );
    await expect.poll(() => store.resourceVersion).toBe("1003");
    expect(told).toEqual(["- → a@1", "- → b@2", "a@1 → a@1001", "b@1002 → -"]);
    expect([...store.list()].map(({ metadata }) => metadata.name)).toEqual(["a"]);
  });

  it("finds out by a new list what it missed, deletions and re-creations included, and repeats nothing", async () => {
    const feed = new Feed();
    feed.listed = [object("kept", 1), object("deleted", 2), object("recreated", 3), object("changed", 4)];
    const { store, told } = started(feed);
    await store.waitSynced(signal);
    told.length = 0;
    feed.listed = [object("kept", 1), object("recreated", 5, {}, "other"), object("changed", 6), object("new", 7)];
    feed.push({ kind: "bookmark", resourceVersion: "1" });
    await expect.poll(() => told.length).toBe(5);
    expect(told).toEqual(["recreated@3 → -", "- → recreated@5", "changed@4 → changed@6", "- → new@7", "deleted@2 → -"]);
  });

  it("tells every object, those of a known version too, when the cluster was set back to what an older backup holds", async () => {
    const feed = new Feed();
    feed.listed = [object("same", 1), object("undone", 4)];
    const { store, told } = started(feed);
    await store.waitSynced(signal);
    told.length = 0;
    feed.listed = [object("same", 1), object("undone", 2)];
    feed.push({ kind: "bookmark", resourceVersion: "1" });
    await expect.poll(() => told).toEqual(["same@1 → same@1 set back", "undone@4 → undone@2 set back"]);
  });

  it("finds objects by index, and no longer by values they have lost", async () => {
    const feed = new Feed();
    feed.listed = [object("a", 1, { app: "x" }), object("b", 2, { app: "x" })];
    const { store } = started(feed, { indexes: { app: ({ metadata }) => (metadata.labels?.["app"] === undefined ? [] : [metadata.labels["app"]]) } });
    await store.waitSynced(signal);
    const found = (value: string): readonly string[] =>
      store
        .byIndex("app", value)
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(found("x")).toEqual(["a", "b"]);
    feed.push({ kind: "put", item: object("a", 1_001, { app: "y" }) }, { kind: "gone", item: object("b", 1_002, { app: "x" }) });
    await expect.poll(() => store.size).toBe(1);
    expect([found("x"), found("y"), found("none"), store.byIndex("no such index", "x")]).toEqual([[], ["a"], [], []]);
  });

  it("tells a late subscriber what is there, and no one after they have left", async () => {
    const feed = new Feed();
    feed.listed = [object("a", 1)];
    const { store } = started(feed);
    await store.waitSynced(signal);
    const told: string[] = [];
    const leave = store.subscribe((change) => told.push(short(change)));
    feed.push({ kind: "put", item: object("b", 1_001) });
    await expect.poll(() => store.size).toBe(2);
    leave();
    feed.push({ kind: "put", item: object("c", 1_002) });
    await expect.poll(() => store.size).toBe(3);
    expect(told).toEqual(["- → a@1", "- → b@1001"]);
  });

  it("survives a subscriber that throws, and the others are told", async () => {
    const feed = new Feed();
    const { store, told, errors } = started(feed);
    store.subscribe(() => {
      throw new Error("bug");
    });
    const after: string[] = [];
    store.subscribe((change) => after.push(short(change)));
    await store.waitSynced(signal);
    feed.push({ kind: "put", item: object("a", 1_001) });
    await expect.poll(() => after).toEqual(["- → a@1001"]);
    expect([told, errors.map(({ kind, message }) => `${kind}: ${message}`)]).toEqual([["- → a@1001"], ["internal: bug"]]);
  });

  it("no longer waits for the first list when told to stop", async () => {
    const never: Pick<KubeClient, "list" | "watch"> = {
      list: () => new Promise(() => undefined),
      watch: () => new Feed().watch(CONFIG_MAPS, { signal: AbortSignal.abort() }),
    };
    const store = new Store({ client: never, resource: CONFIG_MAPS });
    await expect(store.waitSynced(AbortSignal.timeout(20))).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("leanObject", () => {
  it("drops owners of fields and kubectl's copy, which may hold a Secret, and nothing else", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "secret", kept: "yes" };
    const full: LiveObject = { ...object("a", 1, { app: "x" }), data: { b: 1n } };
    expect(leanObject({ ...full, metadata: { ...full.metadata, annotations, managedFields: [{ operation: "Apply" }] } })).toEqual({
      ...full,
      metadata: { ...full.metadata, annotations: { kept: "yes" } },
    });
    expect(leanObject(full)).toEqual(full);
  });
});
