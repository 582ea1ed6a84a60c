import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCases, loadCases, RECORDED_CASES, type Target } from "@plumb/e2e/contract/apiserver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApiServer, type TestApiServer } from "./testing/index.ts";

const SUITE = "recorded API server cases on the embedded server";
const hasCases = existsSync(RECORDED_CASES);
if (!hasCases) console.log(`NOT RUN: ${SUITE}: the recorded cases (../shared/conformance/apiserver) are not there`);
const cases = hasCases ? await loadCases(fileURLToPath(RECORDED_CASES)) : [];

describe.skipIf(!hasCases)(SUITE, () => {
  let cluster: TestApiServer;
  const target = (): Target => ({ baseUrl: cluster.url, token: cluster.token });

  beforeAll(async () => {
    cluster = await startTestApiServer({ workloads: false });
  });
  afterAll(async () => cluster.close());

  it("loads every recorded case", () => {
    expect(cases.length).toBe(366);
  });

  defineCases(cases, target);
});
