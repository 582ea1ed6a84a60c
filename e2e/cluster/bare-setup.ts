import { findBinaries, LIFECYCLE_CONTROLLERS, startControlPlane } from "../control-plane/src/index.ts";
import { sayNotRun } from "../not-run.ts";

/**
 * Starts a real API server on which nobody acts on workloads, and names it to the component tests that run on the embedded
 * one elsewhere: here the same tests hold against the real thing.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const ending = new AbortController();
  const binaries = await findBinaries({ env: { ...process.env, KUBECONFIG: "" }, onProgress: (line) => console.log(line) }, ending.signal);
  if (binaries.kind === "absent") {
    sayNotRun("component tests on the real API server", binaries.reason, process.env);
    return undefined;
  }
  const plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, ending.signal);
  await plane.startControllers(LIFECYCLE_CONTROLLERS);
  process.env["PLUMB_TEST_APISERVER"] = `${plane.url} ${plane.token}`;
  return async () => {
    delete process.env["PLUMB_TEST_APISERVER"];
    ending.abort();
    await plane.stop();
  };
}
