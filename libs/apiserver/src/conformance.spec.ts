import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCases, loadCases, OWN_CASES, RECORDED_CASES, type Target } from "@plumb/e2e/contract/apiserver";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApiServer, type TestApiServer } from "./testing/index.ts";

const SUITE = "recorded API server cases on the embedded server";
const hasCases = existsSync(RECORDED_CASES);
if (!hasCases) console.log(`NOT RUN: ${SUITE}: the recorded cases (../shared/conformance/apiserver) are not there`);
const cases = hasCases ? await loadCases(fileURLToPath(RECORDED_CASES)) : [];

const own = await loadCases(fileURLToPath(OWN_CASES));

describe("our own API server cases on the embedded server", () => {
  let cluster: TestApiServer;
  beforeAll(async () => {
    cluster = await startTestApiServer({ workloads: false });
  });
  afterAll(async () => cluster.close());

  defineCases(own, () => ({ baseUrl: cluster.url, token: cluster.token }));
});

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
