import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { sharedCluster } from "@plumb/e2e/cluster";
import { at, configMapFile, isReadyAt, KUSTOMIZE_VERSION, START_ORDER, until, type ControllerName, type Target } from "@plumb/e2e/toolkit";
import type { Fault } from "@plumb/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DividedWorld, LINKS, type Link } from "./divided-world.ts";
import { footprintOf, type Footprint } from "./footprint.ts";
import { IS_SOAK } from "./soak.ts";

const cluster = sharedCluster();

const FAULTS: Readonly<Record<string, Fault>> = {
  "refuses connections": { kind: "refuse" },
  "is a black hole": { kind: "black-hole" },
  "resets in mid-answer": { kind: "reset", afterBytes: 60 },
  "ends too early": { kind: "truncate", afterBytes: 60 },
  "answers nothing and hangs up": { kind: "truncate", afterBytes: 0 },
  "drips a byte a second": { kind: "slow-drip", bytes: 1, everyMs: 1000 },
  "speaks another protocol": { kind: "stranger" },
  "answers 500": { kind: "status", status: 500 },
  "answers 503 with Retry-After": { kind: "status", status: 503, headers: { "retry-after": "1" } },
  "answers 429 with Retry-After": { kind: "status", status: 429, headers: { "retry-after": "1" } },
  "redirects in a circle": { kind: "status", status: 302, headers: { location: "/" } },
  "answers with a page": { kind: "status", status: 200, headers: { "content-type": "text/html" } },
};

/** A fault of each kind in the gate; every pair with `FAULTS=all`. */
const IN_THE_GATE: readonly (readonly [Link, string])[] = [
  ["API server", "refuses connections"],
  ["Git server", "resets in mid-answer"],
  ["artifact server", "ends too early"],
  ["event intake", "answers 500"],
  ["sink", "is a black hole"],
];
/** Who takes an event answers 200: that it was somebody else nobody can know. */
const isUnknowable = (link: Link, fault: string): boolean => fault === "answers with a page" && (link === "event intake" || link === "sink");
const CASES = IS_SOAK
  ? LINKS.flatMap((link) => Object.keys(FAULTS).map((name) => [link, name] as const)).filter((pair) => !isUnknowable(...pair))
  : IN_THE_GATE;
const FAULT_MS = 4_000;
/** Connections of one link in a second, of three controllers with a few watches each; each of ten redirects is one. */
const MAX_TRIES_A_SECOND = 30;
const MAX_CPU_SHARE = 0.5;
/** What a black hole has swallowed is given up after half a minute at most. */
const MAX_RECOVERY_MS = 60_000;
const MAX_MEMORY_MB = 300;
const MAX_DESCRIPTORS = 100;

describe.skipIf(cluster.kind === "absent")("a way that is cut", () => {
  const namespace = `divided-${randomUUID().slice(0, 8)}`;
  const app: Target = { apiVersion: KUSTOMIZE_VERSION, kind: "Kustomization", namespace, name: "app" };
  const configMap = (name: string): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
  let world: DividedWorld;
  let commits = 0;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    world = await DividedWorld.start(cluster.kubeconfig, namespace);
    await arrived(await push(), commits);
  });
  afterAll(async () => world?.[Symbol.asyncDispose]());

  const push = async (): Promise<string> => {
    commits += 1;
    const files = { "same.yaml": configMapFile(namespace, "same", { v: "1" }), "new.yaml": configMapFile(namespace, `new-${commits}`, { v: String(commits) }) };
    return world.toolkit.commit(files);
  };
  const toldOf = (kind: string, revision: string): true | undefined =>
    world.toolkit.sink.messages.some(({ body }) => body.includes(`"kind":"${kind}"`) && body.includes(revision)) || undefined;
  /** The revision is there, the one before it is not, nothing else was touched and people were told. */
  const arrived = async (revision: string, number: number): Promise<void> => {
    const { cluster: client } = world.toolkit;
    await client.untilObject(`revision ${number}`, app, (object) => isReadyAt(object, revision));
    expect(await client.get(configMap(`new-${number}`))).toBeDefined();
    if (number > 1) expect(await client.get(configMap(`new-${number - 1}`))).toBeUndefined();
    for (const kind of ["GitRepository", "Kustomization"]) await until(`an alert of the ${kind} about ${revision}`, () => toldOf(kind, revision));
  };
  const footprints = async (): Promise<Readonly<Record<ControllerName, Footprint>>> => {
    const found = await Promise.all(START_ORDER.map(async (name) => [name, await footprintOf(world.toolkit.controller(name).pid)] as const));
    // why: an entry for every controller was just made
    return Object.fromEntries(found) as Record<ControllerName, Footprint>;
  };

  it.each(CASES)("to the %s that %s harms nothing, is not stormed, and is taken again when it is whole", { timeout: 200_000 }, async (link, fault) => {
    const { toolkit } = world;
    const uid = (await toolkit.cluster.get(configMap("same")))?.metadata.uid;
    const [before, tries] = [await footprints(), world.triesOf(link)];
    world.set(link, FAULTS[fault] ?? { kind: "none" });
    const revision = await push();
    await toolkit.cluster.requestReconcile({ apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", namespace, name: "app" });
    await toolkit.cluster.edit(configMap("same"), { data: { v: "edited" } });
    await delay(FAULT_MS);
    const after = await footprints();
    const tried = world.triesOf(link) - tries;
    world.set(link, { kind: "none" });
    const healed = performance.now();
    await arrived(revision, commits);
    await toolkit.cluster.untilObject("the edit undone", configMap("same"), (object) => at(object, "data", "v") === "1");
    const tookMs = performance.now() - healed;
    const cpu = START_ORDER.map((name) => (after[name].cpuSeconds - before[name].cpuSeconds) / (FAULT_MS / 1000));
    expect(tookMs).toBeLessThan(MAX_RECOVERY_MS);
    for (const name of START_ORDER) {
      expect(after[name].memoryMb).toBeLessThan(MAX_MEMORY_MB);
      expect(after[name].descriptors).toBeLessThan(MAX_DESCRIPTORS);
    }
    expect(tried / (FAULT_MS / 1000)).toBeLessThan(MAX_TRIES_A_SECOND);
    for (const share of cpu) expect(share).toBeLessThan(MAX_CPU_SHARE);
    expect((await toolkit.cluster.get(configMap("same")))?.metadata.uid).toBe(uid);
    expect(START_ORDER.map((name) => toolkit.controller(name).end)).toEqual([undefined, undefined, undefined]);
  });
});
