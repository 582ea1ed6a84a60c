import { alerting, at, gitRepository, until, type SinkMessage, type Toolkit } from "@plumb/e2e/toolkit";
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
  using corrections = new Corrections(toolkit);
  const edited = await editAll(toolkit);
  const told = await until(
    "an alert of each",
    () => {
      const found = toldIn(toolkit.sink.messages);
      return found.size === COUNT && corrections.atMs.size === COUNT ? found : undefined;
    },
    () => `${toldIn(toolkit.sink.messages).size} alerts, ${corrections.atMs.size} corrections`,
  );
  const since = (pick: (name: string) => number | undefined): readonly number[] =>
    names(COUNT).map((name) => Math.max(0, ((pick(name) ?? Number.NaN) - (edited.get(name) ?? 0)) / 1000));
  return [
    rowOf({
      seen: since((name) => (told.get(name)?.detectedMs ?? Number.NaN) - performance.timeOrigin),
      corrected: since((name) => corrections.atMs.get(name)),
      told: since((name) => told.get(name)?.atMs),
    }),
  ];
}

/** Notes when each Deployment is back at what is declared, after an edit. */
class Corrections implements Disposable {
  /** By name, on the clock of `performance.now()`. */
  readonly atMs = new Map<string, number>();
  readonly #stop = new AbortController();

  constructor(toolkit: Toolkit) {
    this.#follow(toolkit).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #follow({ cluster: { kube: client } }: Toolkit): Promise<void> {
    const deployments = { client, resource: { group: "apps", version: "v1", plural: "deployments" }, namespace: NAMESPACE, onError: () => undefined };
    for await (const delta of follow(deployments, this.#stop.signal)) {
      for (const item of delta.kind === "replaced" ? delta.items : delta.kind === "put" ? [delta.item] : []) {
        const { name, generation } = item.metadata;
        if (!this.atMs.has(name) && Number(generation) >= 3 && at(item, "spec", "replicas") === 1) this.atMs.set(name, performance.now());
      }
    }
  }
}

/** Edits each Deployment by hand; resolves to when, by name, on the clock of `performance.now()`. */
async function editAll(toolkit: Toolkit): Promise<ReadonlyMap<string, number>> {
  const edited = new Map<string, number>();
  for (const name of names(COUNT)) {
    await toolkit.cluster.edit({ apiVersion: "apps/v1", kind: "Deployment", namespace: NAMESPACE, name }, { spec: { replicas: 2 } });
    edited.set(name, performance.now());
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  return edited;
}

/** Seconds from each edit. */
interface Delays {
  readonly seen: readonly number[];
  readonly corrected: readonly number[];
  readonly told: readonly number[];
}

function rowOf({ seen, corrected, told }: Delays): Row {
  const [a = 9, b = 9, c = 9] = [seen, corrected, told].map((values) => percentile(values, 0.99));
  const both = (values: readonly number[]): string => `${percentile(values, 0.5).toFixed(2)} / ${percentile(values, 0.99).toFixed(2)}`;
  return {
    figure: "drift: edit → seen / corrected / alert at the sink, 100 edits of 100 objects, p99",
    measured: [a, b, c].map((value) => `${value.toFixed(2)} s`).join(" / "),
    reach: "≤ 1 s / 2 s / 3 s",
    isMet: a <= 1 && b <= 2 && c <= 3,
    detail: `p50 / p99: seen ${both(seen)}, corrected ${both(corrected)}, told ${both(told)}; one edit each ${BETWEEN_MS} ms`,
    amounts: { "corrected, p50 s": percentile(corrected, 0.5), "corrected, p99 s": b, "told, p50 s": percentile(told, 0.5), "told, p99 s": c },
  };
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
