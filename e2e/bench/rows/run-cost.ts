import { randomUUID } from "node:crypto";
import { alerting, ApiProxy, ClusterClient, configMapFile, gitRepository, SOURCE_VERSION, until } from "@plumb/e2e/toolkit";
import { applier, applicationFiles, names, pathOf } from "../application.ts";
import { cpuSeconds, secondsFor } from "../measure.ts";
import type { Row, Subject } from "../row.ts";
import { NAMESPACE, startWorld, type World } from "../world.ts";

const COUNT = 100;
const QUIET_MS = 2_000;

/** What a first apply, a commit that changes one of four objects, and a run that changes nothing cost. */
export async function runCost(signal: AbortSignal, { programs, isPeer }: Subject): Promise<readonly Row[]> {
  await using world = await startWorld({ workloads: false, programs }, signal);
  const { toolkit, plane, ready } = world;
  using direct = await ClusterClient.connect(plane.kubeconfig);
  await using proxy = await ApiProxy.start(direct.access);
  await toolkit.controller("kustomize-controller").stop();
  await toolkit.startController("kustomize-controller", proxy.kubeconfig);
  const files: Record<string, string> = Object.assign({}, ...[...names(COUNT), "warm"].map((name) => applicationFiles(NAMESPACE, name)));
  const first = await toolkit.commit(files);
  await toolkit.cluster.apply(...alerting(NAMESPACE, toolkit.sink.url), gitRepository(NAMESPACE, "apps", toolkit.git.url), applier(NAMESPACE, "warm"));
  await ready.whenReady(1, first);
  await untilQuiet(proxy);

  const firstApply = await requestsFor(proxy, () => applyAll(world, first));
  const source = toolkit.controller("source-controller");
  // Without an artifact server to ask, nothing is downloaded.
  if (!isPeer) source.signal("SIGSTOP");
  let quietCpuMs = Number.NaN;
  const quietRun = await requestsFor(proxy, async () => {
    quietCpuMs = await cpuMsOfReconciles(world, signal);
  });
  source.signal("SIGCONT");
  const change = await requestsFor(proxy, () => changeAll(world, files));
  return rowsOf({ firstApply, change, quietRun, quietCpuMs });
}

/** Requests but watches that came through until all was done and quiet, for each application. */
async function requestsFor(proxy: ApiProxy, work: () => Promise<void>): Promise<number> {
  const before = counted(proxy);
  await work();
  await untilQuiet(proxy);
  return (counted(proxy) - before) / COUNT;
}

function counted(proxy: ApiProxy): number {
  return proxy.seen.filter(({ isWatch }) => !isWatch).length;
}

async function untilQuiet(proxy: ApiProxy): Promise<void> {
  let [count, sinceMs] = [-1, 0];
  await until("a controller that is done", () => {
    if (count !== counted(proxy)) [count, sinceMs] = [counted(proxy), performance.now()];
    return performance.now() - sinceMs > QUIET_MS ? true : undefined;
  });
}

async function applyAll({ toolkit, ready }: World, revision: string): Promise<void> {
  await secondsFor(names(COUNT), 8, async (name) => {
    await toolkit.cluster.apply(applier(NAMESPACE, name));
  });
  await ready.whenReady(COUNT + 1, revision);
}

/** Asks for a run of each that finds nothing to change; resolves to the processor milliseconds of one. */
async function cpuMsOfReconciles({ toolkit, raw, ready }: World, signal: AbortSignal): Promise<number> {
  const { pid } = toolkit.controller("kustomize-controller");
  const cpuBefore = await cpuSeconds(pid);
  const token = randomUUID();
  await secondsFor(names(COUNT), 8, async (name) => {
    const path = pathOf(applier(NAMESPACE, name));
    await raw.request("PATCH", path, signal, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } }, "application/merge-patch+json");
  });
  await until(
    "every request handled",
    () => ready.handled(token) === COUNT || undefined,
    () => `${ready.handled(token)} of them`,
  );
  return (((await cpuSeconds(pid)) - cpuBefore) * 1000) / COUNT;
}

/** Commits another value for one of the four objects of each. */
async function changeAll({ toolkit, ready }: World, files: Readonly<Record<string, string>>): Promise<void> {
  const changed = Object.fromEntries(names(COUNT).map((name) => [`${name}/configmap.yaml`, configMapFile(NAMESPACE, name, { value: "2" })]));
  const revision = await toolkit.commit({ ...files, ...changed });
  await toolkit.cluster.requestReconcile({ apiVersion: SOURCE_VERSION, kind: "GitRepository", namespace: NAMESPACE, name: "apps" });
  await ready.whenReady(COUNT + 1, revision);
}

/** What one application took in the mean. */
interface Costs {
  /** API requests. */
  readonly firstApply: number;
  readonly change: number;
  readonly quietRun: number;
  readonly quietCpuMs: number;
}

function rowsOf({ firstApply, change, quietRun, quietCpuMs }: Costs): readonly Row[] {
  return [
    {
      figure: "API requests for a first apply of 4 objects; for a commit that changes one of them",
      measured: `${firstApply.toFixed(1)}; ${change.toFixed(1)}`,
      reach: "≤ 13; ≤ 10",
      isMet: firstApply <= 13.05 && change <= 10.05,
      detail: `mean of ${COUNT}, Kubernetes Events included, watches not`,
      amounts: { "requests for a first apply": firstApply, "requests for a commit": change },
    },
    {
      figure: "a reconcile that changes nothing",
      measured: `${quietRun.toFixed(2)} requests, ${quietCpuMs.toFixed(1)} ms of CPU, no download`,
      reach: "≤ 1 request, ≤ 5 ms, no download",
      isMet: quietRun <= 1 && quietCpuMs <= 5,
      detail: `mean of ${COUNT} side by side, the artifact server stopped meanwhile`,
      amounts: { requests: quietRun, "ms of CPU": quietCpuMs },
    },
  ];
}
