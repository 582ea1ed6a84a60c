import { alerting, at, gitRepository, until, type SinkMessage } from "@plumb/e2e/toolkit";
import { follow } from "@plumb/kube";
import { applier, applicationFiles, names } from "../application.ts";
import { percentile } from "../measure.ts";
import type { Row, Subject } from "../row.ts";
import { NAMESPACE, startWorld } from "../world.ts";

const COUNT = 100;
const BETWEEN_MS = 50;
/** Who looks for drift by the clock is given a quick one. */
const PEER_INTERVAL = "1m";

/** 100 edits of 100 objects: when each is seen, corrected, and told at the sink. */
export async function drift(signal: AbortSignal, { programs, isPeer }: Subject): Promise<readonly Row[]> {
  await using world = await startWorld({ workloads: true, programs }, signal);
  const { toolkit, ready } = world;
  const toldIn = isPeer ? correctedIn : toldOf;
  const first = await toolkit.commit(Object.assign({}, ...names(COUNT).map((name) => applicationFiles(NAMESPACE, name))));
  await toolkit.cluster.apply(
    ...alerting(NAMESPACE, toolkit.sink.url),
    gitRepository(NAMESPACE, "apps", toolkit.git.url),
    ...names(COUNT).map((name) => applier(NAMESPACE, name, isPeer ? PEER_INTERVAL : undefined)),
  );
  await ready.whenReady(COUNT, first);

  const stop = new AbortController();
  const corrected = new Map<string, number>();
  const edited = new Map<string, number>();
  const deployments = { client: toolkit.cluster.kube, resource: { group: "apps", version: "v1", plural: "deployments" }, namespace: NAMESPACE };
  const watching = (async () => {
    for await (const delta of follow({ ...deployments, onError: () => undefined }, stop.signal)) {
      for (const item of delta.kind === "replaced" ? delta.items : delta.kind === "put" ? [delta.item] : []) {
        const { name, generation } = item.metadata;
        if (!corrected.has(name) && Number(generation) >= 3 && at(item, "spec", "replicas") === 1) corrected.set(name, performance.now());
      }
    }
  })().catch(() => undefined);
  const base = performance.timeOrigin;
  for (const name of names(COUNT)) {
    await toolkit.cluster.edit({ apiVersion: "apps/v1", kind: "Deployment", namespace: NAMESPACE, name }, { spec: { replicas: 2 } });
    edited.set(name, performance.now());
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  const told = await until(
    "an alert of each",
    () => {
      const found = toldIn(toolkit.sink.messages);
      return found.size === COUNT && corrected.size === COUNT ? found : undefined;
    },
    () => `${toldIn(toolkit.sink.messages).size} alerts, ${corrected.size} corrections`,
  );
  stop.abort();
  await watching;
  const since = (pick: (name: string) => number | undefined): readonly number[] =>
    names(COUNT).map((name) => Math.max(0, ((pick(name) ?? Number.NaN) - (edited.get(name) ?? 0)) / 1000));
  const seen = since((name) => (told.get(name)?.detectedMs ?? Number.NaN) - base);
  const fixed = since((name) => corrected.get(name));
  const alerted = since((name) => told.get(name)?.atMs);
  const [a, b, c] = [seen, fixed, alerted].map((values) => percentile(values, 0.99));
  const both = (values: readonly number[]): string => `${percentile(values, 0.5).toFixed(2)} / ${percentile(values, 0.99).toFixed(2)}`;
  return [
    {
      figure: "drift: edit → seen / corrected / alert at the sink, 100 edits of 100 objects, p99",
      measured: [a, b, c].map((value) => `${value?.toFixed(2)} s`).join(" / "),
      reach: "≤ 1 s / 2 s / 3 s",
      isMet: (a ?? 9) <= 1 && (b ?? 9) <= 2 && (c ?? 9) <= 3,
      detail: `p50 / p99: seen ${both(seen)}, corrected ${both(fixed)}, told ${both(alerted)}; one edit each ${BETWEEN_MS} ms`,
      amounts: Object.fromEntries([
        ...Object.entries({ "corrected, p50 s": percentile(fixed, 0.5), "corrected, p99 s": b ?? 9 }),
        ...Object.entries({ "told, p50 s": percentile(alerted, 0.5), "told, p99 s": c ?? 9 }),
      ]),
    },
  ];
}

/** When it was told of a Deployment (the clock of `performance.now()`), and when it says that the drift was seen. */
interface Told {
  readonly atMs: number;
  readonly detectedMs: number;
}

/** By Deployment: when the first drift alert about it came, and when it says that the drift was seen (milliseconds since 1970). */
function toldOf(messages: readonly SinkMessage[]): ReadonlyMap<string, Told> {
  const found = new Map<string, Told>();
  for (const { body, atMs } of messages) {
    if (!body.includes('"reason":"Drift')) continue;
    const metadata = Object.entries(JSON.parse(body).metadata ?? {});
    const entry = (key: string): string => String(metadata.find(([name]) => name.endsWith(key))?.[1]);
    const name = entry("drift-object").split("/").at(-1) ?? "";
    if (!found.has(name)) found.set(name, { atMs, detectedMs: Date.parse(entry("drift-detected-at")) });
  }
  return found;
}

/** The same of a peer, which lists what a run has changed and does not say when it saw that it had to. */
function correctedIn(messages: readonly SinkMessage[]): ReadonlyMap<string, Told> {
  const found = new Map<string, Told>();
  for (const { body, atMs } of messages) {
    const name = /Deployment\/[^/]+\/(\S+) configured/.exec(body)?.[1];
    if (name !== undefined && !found.has(name)) found.set(name, { atMs, detectedMs: Number.NaN });
  }
  return found;
}
