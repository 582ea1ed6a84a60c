import { KustomizationCounter } from "./kustomization-counter.ts";
import {
  findBinaries,
  HttpsClient,
  LIFECYCLE_CONTROLLERS,
  simulateNode,
  startControlPlane,
  WORKLOAD_CONTROLLERS,
  type ControlPlane,
} from "@plumb/e2e/control-plane";
import { START_ORDER, Toolkit, type ControllerName, type ToolkitOptions } from "@plumb/e2e/toolkit";
import { cpuSeconds, memoryMb } from "./measure.ts";

/** A control plane and a toolkit on it, fresh for one measurement. */
export interface World extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly toolkit: Toolkit;
  /** A client that shares nothing with what is measured. */
  readonly raw: HttpsClient;
  readonly ready: KustomizationCounter;
}

export const NAMESPACE = "bench";

/** @param workloads whether Deployments get pods; without it the API server is all there is to write to */
export async function startWorld({ workloads, ...options }: Partial<ToolkitOptions> & { readonly workloads: boolean }, signal: AbortSignal): Promise<World> {
  const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.error(line) }, signal);
  if (binaries.kind === "absent") throw new Error(binaries.reason);
  const ending = new AbortController();
  const plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, signal);
  await plane.startControllers(workloads ? WORKLOAD_CONTROLLERS : LIFECYCLE_CONTROLLERS);
  const simulation = workloads ? simulateNode(plane, ending.signal) : undefined;
  const toolkit = await Toolkit.start({ kubeconfig: plane.kubeconfig, namespace: NAMESPACE, ...options });
  const raw = new HttpsClient(plane);
  const ready = new KustomizationCounter(toolkit.cluster.kube, NAMESPACE);
  return {
    plane,
    toolkit,
    raw,
    ready,
    [Symbol.asyncDispose]: async () => {
      ready.stop();
      raw.close();
      await toolkit[Symbol.asyncDispose]();
      ending.abort();
      await simulation;
      await plane.stop();
    },
  };
}

/** Processor seconds of each controller. */
export async function controllersCpu(toolkit: Toolkit): Promise<Readonly<Record<ControllerName, number>>> {
  const [notification = 0, source = 0, kustomize = 0] = await Promise.all(START_ORDER.map((name) => cpuSeconds(toolkit.controller(name).pid)));
  return { "notification-controller": notification, "source-controller": source, "kustomize-controller": kustomize };
}

/** The most that each controller ever held, in MB. */
export async function controllersPeakMb(toolkit: Toolkit): Promise<readonly { readonly name: ControllerName; readonly mb: number }[]> {
  return Promise.all(START_ORDER.map(async (name) => ({ name, mb: (await memoryMb(toolkit.controller(name).pid)).peak })));
}

export function sum(record: Readonly<Record<string, number>>): number {
  return Object.values(record).reduce((total, value) => total + value, 0);
}
