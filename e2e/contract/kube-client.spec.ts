import { findBinaries, startControlPlane, type ControlPlane } from "@plumb/e2e/control-plane";
import { readKubeconfig } from "@plumb/kube";
import { kubeClientContract } from "@plumb/kube/testing";
import { describe } from "vitest";

import { sayNotRun } from "../not-run.ts";

const SUITE = "what KubeClient relies on, on the real control plane";
const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, new AbortController().signal);
if (binaries.kind === "absent") sayNotRun(SUITE, binaries.reason, process.env);

describe.skipIf(binaries.kind === "absent")(SUITE, () => {
  let plane: ControlPlane;
  kubeClientContract("the real control plane", async () => {
    if (binaries.kind === "absent") throw new Error(binaries.reason);
    plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, AbortSignal.timeout(180_000));
    const { access } = await readKubeconfig(plane.kubeconfig, { allowsInsecureTls: false });
    return { access, close: () => plane.stop() };
  });
});
