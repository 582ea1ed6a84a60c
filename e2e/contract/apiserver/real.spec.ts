import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { findBinaries, LIFECYCLE_CONTROLLERS, startControlPlane, type Binaries, type ControlPlane, type RunningProcess } from "@plumb/e2e/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sayNotRun } from "../../not-run.ts";
import { loadCases, OWN_CASES, RECORDED_CASES } from "./case.ts";
import type { Target } from "./client.ts";
import { defineCases } from "./suite.ts";

const SUITE = "API server cases on the real control plane";
const START_MS = 180_000;

/** Cases need a server on which nothing else acts, so a cluster named by KUBECONFIG does not serve. */
async function prepare(): Promise<Binaries> {
  if (!existsSync(RECORDED_CASES)) return { kind: "absent", reason: "the recorded cases (../shared/conformance/apiserver) are not there" };
  return findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, new AbortController().signal);
}

const binaries = await prepare();
if (binaries.kind === "absent") sayNotRun(SUITE, binaries.reason, process.env);
const recorded = binaries.kind === "absent" ? [] : await loadCases(fileURLToPath(RECORDED_CASES));
const cases = binaries.kind === "absent" ? [] : [...recorded, ...(await loadCases(fileURLToPath(OWN_CASES)))];

describe.skipIf(binaries.kind === "absent")(SUITE, () => {
  let plane: ControlPlane;
  const target = (): Target => ({ baseUrl: plane.url, token: plane.token, ca: plane.ca });

  beforeAll(async () => {
    if (binaries.kind === "found") plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, AbortSignal.timeout(START_MS));
  }, START_MS);
  afterAll(async () => plane?.stop());

  it("loads every recorded case", () => {
    expect(recorded.length).toBe(366);
  });

  describe("with namespace termination and garbage collection", () => {
    let controllers: RunningProcess;
    beforeAll(async () => {
      controllers = await plane.startControllers(LIFECYCLE_CONTROLLERS);
    });
    // Nothing may collect or terminate while the other cases are played.
    afterAll(async () => plane.stopControllers(controllers));
    defineCases(
      cases.filter(({ controllers: needsThem }) => needsThem),
      target,
    );
  });

  describe("without controllers", () => {
    defineCases(
      cases.filter(({ controllers: needsThem }) => !needsThem),
      target,
    );
  });
});
