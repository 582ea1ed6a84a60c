import { join } from "node:path";
import type { SharedCluster } from "@plumb/e2e/cluster";
import { findBinaries } from "@plumb/e2e/control-plane";
import { sayNotRun } from "../not-run.ts";

/** The kubectl that was built with the control plane; undefined where there is none, which is said, or where the cluster is not ours. */
export async function kubectlFor(cluster: SharedCluster): Promise<string | undefined> {
  if (cluster.kind === "own") return cluster.kubectl;
  if (cluster.kind !== "embedded") return undefined;
  const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, new AbortController().signal);
  if (binaries.kind === "found") return join(binaries.folder, "kubectl");
  sayNotRun("kubectl on the embedded API server", binaries.reason, process.env);
  return undefined;
}
