import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import { arbitraryCase, describeDifferences, playOften, record, type Target } from "@plumb/e2e/contract/apiserver";
import { findBinaries, startControlPlane, type ControlPlane } from "@plumb/e2e/control-plane";
import { afterAll, beforeAll, describe, it } from "vitest";

import { sayNotRun } from "../not-run.ts";

const SUITE = "arbitrary writes on the real and on the embedded API server";
const START_MS = 180_000;
/** Each seed is nine writes of one object by three managers; other seeds by FUZZ_SEED, more of them by FUZZ_CASES. */
const first = Number(process.env["FUZZ_SEED"] ?? 1);
const count = Number(process.env["FUZZ_CASES"] ?? 60);
const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, new AbortController().signal);
if (binaries.kind === "absent") sayNotRun(SUITE, binaries.reason, process.env);

describe.skipIf(binaries.kind === "absent")(SUITE, () => {
  let plane: ControlPlane;
  let embedded: TestApiServer;

  beforeAll(async () => {
    if (binaries.kind === "absent") return;
    embedded = await startTestApiServer({ workloads: false });
    plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, AbortSignal.timeout(START_MS));
  }, START_MS);
  afterAll(async () => {
    await plane?.stop();
    await embedded?.close();
  });

  it.concurrent.each(Array.from({ length: count }, (_, index) => first + index))("gives the same answers, seed %i", { timeout: START_MS }, async (seed) => {
    const real: Target = { baseUrl: plane.url, token: plane.token, ca: plane.ca };
    const target: Target = { baseUrl: embedded.url, token: embedded.token };
    const signal = AbortSignal.timeout(START_MS);
    const recorded = await record(arbitraryCase(seed), real, signal);
    const { differences } = await playOften(recorded, target, signal, { ownersInAnyOrder: true });
    if (differences.length > 0) throw new Error(`the embedded server answers otherwise:\n${describeDifferences(differences)}`);
  });
});
