import { randomUUID } from "node:crypto";
import { alerting, ApiProxy, ClusterClient, configMapFile, gitRepository, SOURCE_VERSION, until } from "@plumb/e2e/toolkit";
import { applier, applicationFiles, names, pathOf } from "../application.ts";
import { cpuSeconds, secondsFor } from "../measure.ts";
import type { Row, Subject } from "../row.ts";
import { NAMESPACE, startWorld } from "../world.ts";

const COUNT = 100;
const QUIET_MS = 2_000;

/** What a first apply, a commit that changes one of four objects, and a run that changes nothing cost. */
export async function runCost(signal: AbortSignal, { programs, isPeer }: Subject): Promise<readonly Row[]> {
  await using world = await startWorld({ workloads: false, programs }, signal);
  const { toolkit, plane, raw, ready } = world;
  using direct = await ClusterClient.connect(plane.kubeconfig);
  await using proxy = await ApiProxy.start(direct.access);
  const counted = (): number => proxy.seen.filter(({ isWatch }) => !isWatch).length;
  const quiet = async (): Promise<void> => {
    let [count, sinceMs] = [-1, 0];
    await until("a controller that is done", () => {
      if (count !== counted()) [count, sinceMs] = [counted(), performance.now()];
      return performance.now() - sinceMs > QUIET_MS ? true : undefined;
    });
  };
  await toolkit.controller("kustomize-controller").stop();
  await toolkit.startController("kustomize-controller", proxy.kubeconfig);
  const files: Record<string, string> = Object.assign({}, ...[...names(COUNT), "warm"].map((name) => applicationFiles(NAMESPACE, name)));
  const first = await toolkit.commit(files);
  await toolkit.cluster.apply(...alerting(NAMESPACE, toolkit.sink.url), gitRepository(NAMESPACE, "apps", toolkit.git.url), applier(NAMESPACE, "warm"));
  await ready.whenReady(1, first);
  await quiet();

  let from = counted();
  await secondsFor(names(COUNT), 8, async (name) => {
    await toolkit.cluster.apply(applier(NAMESPACE, name));
  });
  await ready.whenReady(COUNT + 1, first);
  await quiet();
  const firstApply = (counted() - from) / COUNT;

  const { pid } = toolkit.controller("kustomize-controller");
  const source = toolkit.controller("source-controller");
  // Without an artifact server to ask, nothing is downloaded.
  if (!isPeer) source.signal("SIGSTOP");
  from = counted();
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
  const quietCpuMs = (((await cpuSeconds(pid)) - cpuBefore) * 1000) / COUNT;
  await quiet();
  const quietRun = (counted() - from) / COUNT;
  source.signal("SIGCONT");

  from = counted();
  for (const name of names(COUNT)) files[`${name}/configmap.yaml`] = configMapFile(NAMESPACE, name, { value: "2" });
  const second = await toolkit.commit(files);
  await toolkit.cluster.edit(
    { apiVersion: SOURCE_VERSION, kind: "GitRepository", namespace: NAMESPACE, name: "apps" },
    { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } },
    "flux",
  );
  await ready.whenReady(COUNT + 1, second);
  await quiet();
  const change = (counted() - from) / COUNT;
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
