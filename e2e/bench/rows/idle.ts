import { setTimeout as delay } from "node:timers/promises";
import { ApiProxy, ClusterClient, gitRepository, START_ORDER } from "@plumb/e2e/toolkit";
import { applier, applicationFiles, names } from "../application.ts";
import type { Row, Subject } from "../row.ts";
import { controllersCpu, NAMESPACE, startWorld, sum } from "../world.ts";

const COUNT = 500;
const SETTLE_MS = 20_000;
const IDLE_MS = 180_000;

/** What 500 Kustomizations cost while nothing happens, with leader election; a peer does without, for it elects nobody outside a cluster. */
export async function idle(signal: AbortSignal, { programs, isPeer }: Subject): Promise<readonly Row[]> {
  await using world = await startWorld({ workloads: false, programs, hasLeaderElection: !isPeer, leaseFlags: [] }, signal);
  const { toolkit, plane, ready } = world;
  using direct = await ClusterClient.connect(plane.kubeconfig);
  await using proxy = await ApiProxy.start(direct.access);
  for (const name of START_ORDER) {
    await toolkit.controller(name).stop();
    await toolkit.startController(name, proxy.kubeconfig);
  }
  const first = await toolkit.commit(Object.assign({}, ...names(COUNT).map((name) => applicationFiles(NAMESPACE, name))));
  await toolkit.cluster.apply(gitRepository(NAMESPACE, "apps", toolkit.git.url), ...names(COUNT).map((name) => applier(NAMESPACE, name)));
  await ready.whenReady(COUNT, first);
  await delay(SETTLE_MS, undefined, { signal });
  const [before, from] = [await controllersCpu(toolkit), proxy.seen.length];
  await delay(IDLE_MS, undefined, { signal });
  const after = await controllersCpu(toolkit);
  const cpu = sum(after) - sum(before);
  const others = proxy.seen.slice(from).filter(({ isWatch, path }) => !isWatch && !path.includes("/leases/"));
  return [
    {
      figure: "500 Kustomizations idle for 3 minutes",
      measured: `${cpu.toFixed(2)} CPU s, ${others.length} API requests but watches and lease`,
      reach: "≤ 1 CPU s; none",
      isMet: cpu <= 1 && others.length === 0,
      detail: START_ORDER.map((name) => `${name} ${(after[name] - before[name]).toFixed(2)}`).join(", "),
      amounts: { "CPU s": cpu, requests: others.length },
    },
  ];
}
