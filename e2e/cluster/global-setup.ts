import type { TestProject } from "vitest/node";

import { findBinaries, simulateNode, startControlPlane, WORKLOAD_CONTROLLERS } from "../control-plane/src/index.ts";
import { sayNotRun } from "../not-run.ts";
import { writeBundles } from "../toolkit/bundles.ts";

type Teardown = () => Promise<void>;

/** Gives every suite of the project the same cluster, and ends it after the last. */
export async function setup(project: TestProject): Promise<Teardown | undefined> {
  await writeBundles();
  const kubeconfig = process.env["KUBECONFIG"];
  if (kubeconfig !== undefined && kubeconfig !== "") {
    project.provide("cluster", { kind: "foreign", kubeconfig });
    return undefined;
  }
  const ending = new AbortController();
  const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, ending.signal);
  if (binaries.kind === "absent") {
    sayNotRun("suites on the real control plane", binaries.reason, process.env);
    project.provide("cluster", binaries);
    return undefined;
  }
  const plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, ending.signal);
  await plane.startControllers(WORKLOAD_CONTROLLERS);
  const simulation = simulateNode(plane, ending.signal);
  const { kubeconfig: path, kubectl, url, token, ca } = plane;
  project.provide("cluster", { kind: "own", kubeconfig: path, kubectl, url, token, ca });
  return async () => {
    ending.abort();
    await simulation;
    await plane.stop();
  };
}
