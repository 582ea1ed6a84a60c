import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import type { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKubeClient, Store, type KubeConnection } from "./index.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const namespace = "default";
const { signal } = new AbortController();
const manager = { fieldManager: "tester", signal } as const;

/** What happens to the cluster and to those who watch it. */
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("apply" as const), name: fc.constantFrom("a", "b", "c", "d"), value: fc.integer({ min: 0, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), name: fc.constantFrom("a", "b", "c", "d") }) },
  fc.record({ kind: fc.constant("drop the watches" as const) }),
  fc.record({ kind: fc.constant("forget the changes" as const) }),
  fc.record({ kind: fc.constant("refuse lists and watches" as const), status: fc.constantFrom(429, 500, 503) }),
);

describe("a store", () => {
  let api: TestApiServer;
  let client: KubeConnection;

  beforeAll(async () => {
    api = await startTestApiServer();
    client = createKubeClient({ access: { server: new URL(api.url), credential: { kind: "token", token: api.token } } });
  });

  afterAll(async () => {
    client.close();
    await api.close();
  });

  it("ends up with what is in the cluster, and has told every change that lasted, whatever happened to its watch", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
        const stop = new AbortController();
        const errors: ToolkitError[] = [];
        const store = new Store({ client, resource: CONFIG_MAPS, namespace, onError: (error) => errors.push(error), random: () => 0 });
        const told = new Map<string, string>();
        store.subscribe(({ before, after }) => {
          if (after !== undefined) told.set(after.metadata.name, after.metadata.resourceVersion);
          else if (before !== undefined) told.delete(before.metadata.name);
        });
        const running = store.run(stop.signal);
        await store.waitSynced(signal);
        for (const step of steps) await play(step);
        api.server.knobs.clear();
        const truth = async (): Promise<Record<string, string>> => versions((await client.list(CONFIG_MAPS, { namespace, signal })).items);
        await expect.poll(async () => versions(store.list()), { timeout: 60_000, interval: 10 }).toEqual(await truth());
        expect(Object.fromEntries([...told].sort())).toEqual(await truth());
        expect(errors.filter(({ kind }) => kind !== "unavailable" && kind !== "throttled")).toEqual([]);
        stop.abort();
        await running;
      }),
      { numRuns: 12, seed: 7 },
    );
  });

  type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

  async function play(step: Step): Promise<void> {
    const { knobs } = api.server;
    switch (step.kind) {
      case "apply": {
        const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: step.name, namespace }, data: { value: `${step.value}` } };
        await client.apply(CONFIG_MAPS, object, { ...manager, force: true, dryRun: false });
        return;
      }
      case "delete":
        await client.delete({ resource: CONFIG_MAPS, namespace, name: step.name }, { propagation: "Background", signal });
        return;
      case "drop the watches":
        knobs.dropWatches();
        return;
      case "forget the changes":
        knobs.compact();
        knobs.dropWatches();
        return;
      case "refuse lists and watches":
        knobs.inject({ matches: ({ method, path }) => method === "GET" && path.endsWith("/configmaps"), times: 2, status: step.status });
        knobs.dropWatches();
        return;
      default:
        step satisfies never;
    }
  }
});

function versions(objects: Iterable<{ readonly metadata: { readonly name: string; readonly resourceVersion: string } }>): Record<string, string> {
  return Object.fromEntries([...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion] as const).sort());
}
