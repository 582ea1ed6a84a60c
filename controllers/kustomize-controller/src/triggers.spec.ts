import { describe, expect, it } from "vitest";
import type { Condition, Kustomization, LiveObject } from "@plumb/api";
import type { StoreChange } from "@plumb/kube";
import type { Log } from "@plumb/std";
import { KUSTOMIZATION_INDEXES, triggers, type KustomizationCache } from "./triggers.ts";

/** Watched objects that a test changes. */
class Cache implements KustomizationCache {
  readonly #objects = new Map<string, LiveObject>();
  readonly #handlers = new Set<(change: StoreChange) => void>();

  get(namespace: string, name: string): LiveObject | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  list(): readonly LiveObject[] {
    return [...this.#objects.values()];
  }

  byIndex(index: "source" | "dependency", value: string): readonly LiveObject[] {
    return this.list().filter((object) => KUSTOMIZATION_INDEXES[index](object).includes(value));
  }

  subscribe(handle: (change: StoreChange) => void): () => void {
    this.#handlers.add(handle);
    return () => this.#handlers.delete(handle);
  }

  put(after: LiveObject): void {
    const key = `${after.metadata.namespace}/${after.metadata.name}`;
    const before = this.#objects.get(key);
    this.#objects.set(key, after);
    for (const handle of this.#handlers) handle({ before, after });
  }

  remove(before: LiveObject): void {
    this.#objects.delete(`${before.metadata.namespace}/${before.metadata.name}`);
    for (const handle of this.#handlers) handle({ before, after: undefined });
  }
}

function source(revision: string | undefined): LiveObject {
  const artifact = { url: "http://s/a", digest: "sha256:0", revision: revision ?? "" };
  return {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { namespace: "apps", name: "lab", uid: "s", resourceVersion: "1" },
    status: revision === undefined ? {} : { artifact },
  };
}

function kustomization(
  name: string,
  {
    ready,
    revision,
    dependsOn = [],
    annotations = {},
  }: {
    readonly ready?: Condition["status"];
    readonly revision?: string;
    readonly dependsOn?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): Kustomization {
  const conditions: readonly Condition[] =
    ready === undefined ? [] : [{ type: "Ready", status: ready, reason: "R", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" }];
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name, uid: name, resourceVersion: "1", generation: 1, annotations },
    spec: { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "lab" }, dependsOn: dependsOn.map((each) => ({ name: each })) },
    status: { conditions, observedGeneration: 1, ...(revision !== undefined && { lastAppliedRevision: revision, lastAttemptedRevision: revision }) },
  };
}

function tryingAgain(object: Kustomization): Kustomization {
  const [ready] = object.status?.conditions ?? [];
  return ready === undefined ? object : { ...object, status: { ...object.status, conditions: [{ ...ready, type: "Reconciling", status: "True" }, ready] } };
}

/** Starts the triggers on what is there; what a test does then is answered with what was woken. */
function start(
  objects: readonly LiveObject[],
  attempted?: string,
): {
  readonly sources: Cache;
  readonly kustomizations: Cache;
  readonly woken: string[];
  readonly errors: string[];
  readonly reconsidered: string[];
  readonly end: () => Promise<void>;
} {
  const [sources, kustomizations] = [new Cache(), new Cache()];
  for (const object of objects) (object.kind === "Kustomization" ? kustomizations : sources).put(object);
  const [woken, errors, reconsidered]: [string[], string[], string[]] = [[], [], []];
  const log: Log = {
    debug: () => {},
    info: () => {},
    error: (message, fields) => void errors.push(`${message}: ${String(fields?.["kustomizations"])}`),
    with: () => log,
  };
  const stop = new AbortController();
  const running = triggers({
    sources: new Map([["GitRepository", sources]]),
    kustomizations,
    log,
    attempts: { isAt: (_, revision) => revision === attempted },
    enqueue: (key, isStillDue = () => true) => void (isStillDue() && woken.push(key)),
    reconsider: ({ namespace, name }) => void reconsidered.push(`${namespace}/${name}`),
  }).run(stop.signal);
  return { sources, kustomizations, woken, errors, reconsidered, end: () => (stop.abort(), running) };
}

describe("a source", () => {
  it("with a new revision wakes its users, each after what it depends on", () => {
    const { sources, woken } = start([kustomization("b", { dependsOn: ["a"] }), kustomization("a"), kustomization("c", { dependsOn: ["b"] }), source("1")]);
    sources.put(source("2"));
    expect(woken).toEqual(["apps/a", "apps/b", "apps/c"]);
  });

  it("wakes nobody for the same revision, nor without an artifact, nor who is done with it or tries it again by itself (K-018)", () => {
    const { sources, woken } = start([
      kustomization("a", { ready: "True", revision: "2" }),
      kustomization("b", { ready: "False", revision: "2" }),
      tryingAgain(kustomization("c", { ready: "False", revision: "2" })),
      source("1"),
    ]);
    sources.put(source("1"));
    sources.put(source(undefined));
    expect(woken).toEqual([]);
    sources.put(source("2"));
    expect(woken).toEqual(["apps/b"]);
  });

  it("that is gone wakes those of its users that are not done with what it had, to say so", () => {
    const { sources, woken } = start([kustomization("a", { ready: "True", revision: "1" }), kustomization("b", { ready: "False" }), source("1")], "1");
    sources.remove(source("1"));
    expect(woken).toEqual(["apps/b"]);
  });

  it("wakes nobody whose run, when it ends, has been at the revision", () => {
    const { sources, woken } = start([kustomization("a"), source("1")], "2");
    sources.put(source("2"));
    expect(woken).toEqual([]);
    sources.put(source("3"));
    expect(woken).toEqual(["apps/a"]);
  });

  it("two users of which depend on each other wakes nobody, and names the two (K-018)", () => {
    const { sources, woken, errors } = start([
      kustomization("a", { dependsOn: ["b"] }),
      kustomization("b", { dependsOn: ["a"] }),
      kustomization("c"),
      source("1"),
    ]);
    sources.put(source("2"));
    expect([woken, errors]).toEqual([[], ["kustomizations depend on each other in a circle: apps/a, apps/b"]]);
  });
});

describe("a Kustomization that others depend on", () => {
  const dependent = (more: Parameters<typeof kustomization>[1]): Kustomization => kustomization("dependent", { dependsOn: ["base"], ...more });

  it.each<[string, Kustomization, readonly string[]]>([
    ["waits for it", dependent({ ready: "False" }), ["apps/dependent"]],
    ["was ready at another revision, whose wait is not heard of yet", dependent({ ready: "True", revision: "1" }), ["apps/dependent"]],
    ["has never been looked at", dependent({}), ["apps/dependent"]],
    ["is done with this revision", dependent({ ready: "True", revision: "2" }), []],
  ])("wakes one that %s when it becomes ready", (_, object, expected) => {
    const { kustomizations, woken } = start([source("2"), object, kustomization("base", { ready: "Unknown" })]);
    kustomizations.put(kustomization("base", { ready: "True", revision: "2" }));
    expect(woken).toEqual(expected);
    kustomizations.put(kustomization("base", { ready: "True", revision: "2" }));
    expect(woken).toEqual(expected);
  });

  it("wakes nobody by becoming unready, nor where they have no artifact to work on", () => {
    const { kustomizations, woken } = start([dependent({ ready: "False" }), kustomization("base", { ready: "Unknown" })]);
    kustomizations.put(kustomization("base", { ready: "False" }));
    kustomizations.put(kustomization("base", { ready: "True", revision: "2" }));
    expect(woken).toEqual([]);
  });
});

describe("a Kustomization whose annotation about drift changes", () => {
  it("has its drift looked at again, and no other change does that", () => {
    const { kustomizations, reconsidered } = start([kustomization("a", { annotations: { "plumb.dev/drift": "observe" } })]);
    kustomizations.put(kustomization("a", { annotations: { "plumb.dev/drift": "observe", other: "x" } }));
    expect(reconsidered).toEqual([]);
    kustomizations.put(kustomization("a"));
    expect(reconsidered).toEqual(["apps/a"]);
  });
});

it("nothing is woken after the end", async () => {
  const { sources, woken, end } = start([kustomization("a"), source("1")]);
  await end();
  sources.put(source("2"));
  expect(woken).toEqual([]);
});
