import { keptLog } from "@plumb/telemetry/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { conditionText, configMap, KustomizeLab, LIMIT, NAMESPACE, readyText } from "../testing/kustomize-lab.ts";

const log = keptLog();
let lab: KustomizeLab;

beforeAll(async () => {
  lab = await KustomizeLab.open(log);
  // An hour: what waits goes on because a watch woke it, or not within the time of a test.
  lab.start("--requeue-dependency=1h");
});
afterAll(() => lab.close());

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const GOOD = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [
    { type: "Available", status: "True" },
    { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
  ],
};
const STUCK = {
  observedGeneration: 1,
  replicas: 1,
  conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "too late" }],
};

function deployment(name: string): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } } },
  });
}

const becomes = (name: string, status: object): Promise<unknown> => lab.call("PATCH", `${DEPLOYMENTS}/${name}/status`, { status });

/** Source, artifact and Kustomization, whatever becomes of them. */
async function begin(name: string, files: Readonly<Record<string, string>>, spec: object = {}): Promise<string> {
  await lab.createSource(name);
  const { revision } = await lab.publish(name, files);
  await lab.create(name, spec);
  return revision;
}

describe("a Kustomization that waits for health", () => {
  it("is not ready until all it applied is, and says how it went", async () => {
    const revision = await begin("waits", { "a.yaml": configMap("waits", {}), "b.yaml": deployment("waits") }, { wait: true });
    const waiting = await lab.until("waits", (object) =>
      expect(conditionText(object, "Healthy")).toBe(`Unknown Progressing: Running health checks for revision ${revision} with a timeout of 59m30s`),
    );
    expect([readyText(waiting), conditionText(waiting, "Reconciling"), waiting.status?.observedGeneration, waiting.status?.lastAppliedRevision]).toEqual([
      "Unknown Progressing: Reconciliation in progress",
      `True Progressing: Running health checks for revision ${revision} with a timeout of 59m30s`,
      -1,
      undefined,
    ]);
    expect(waiting.status?.inventory?.entries).toHaveLength(2);
    await becomes("waits", GOOD);
    const healthy = await lab.until("waits", (object) => expect(readyText(object)).toBe(`True ReconciliationSucceeded: Applied revision: ${revision}`));
    expect(conditionText(healthy, "Healthy")).toMatch(/^True Succeeded: Health check passed in /);
    expect([conditionText(healthy, "Reconciling"), healthy.status?.observedGeneration]).toEqual(["none", 1]);
    await vi.waitFor(
      () =>
        expect(lab.told("waits")).toEqual([
          "info Progressing: ConfigMap/apps/waits created\nDeployment/apps/waits created",
          expect.stringMatching(/^info Progressing: Health check passed in /),
          expect.stringMatching(/^info ReconciliationSucceeded: /),
        ]),
      LIMIT,
    );
  });

  it("fails early when something has stalled, keeps what was applied before, and recovers at the next run", async () => {
    const revision = await begin("stalls", { "b.yaml": deployment("stalls") }, { wait: true });
    await lab.until("stalls", (object) => expect(conditionText(object, "Healthy")).toMatch(/^Unknown Progressing/));
    await becomes("stalls", STUCK);
    const failed = await lab.until("stalls", (object) =>
      expect(readyText(object)).toMatch(
        /^False HealthCheckFailed: health check failed after .*: failed early due to stalled resources: \[Deployment\/apps\/stalls status: 'Failed'.*\]$/,
      ),
    );
    expect(conditionText(failed, "Healthy")).toMatch(/^False HealthCheckFailed: /);
    expect(failed.status).toMatchObject({ lastAttemptedRevision: revision, history: [{ lastReconciledStatus: "HealthCheckFailed" }] });
    expect(failed.status?.lastAppliedRevision).toBeUndefined();
    await vi.waitFor(() => expect(lab.told("stalls").filter((text) => text.startsWith("error HealthCheckFailed: "))).toHaveLength(1), LIMIT);
    await becomes("stalls", GOOD);
    await lab.reconcile("stalls");
    await lab.until("stalls", (object) => expect(readyText(object)).toBe(`True ReconciliationSucceeded: Applied revision: ${revision}`));
  });

  it("makes a Job that cleans itself away once, and is ready when it is gone (K-061)", async () => {
    const spec = { ttlSecondsAfterFinished: 0, template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "a:1" }] } } };
    const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "passing", namespace: NAMESPACE }, spec };
    await begin("passing", { "a.yaml": JSON.stringify(job) }, { wait: true });
    await lab.until("passing", (object) => expect(conditionText(object, "Healthy")).toMatch(/^Unknown Progressing: Running health checks/));
    await lab.call("DELETE", `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/passing`);
    await lab.until("passing", (object) => expect(readyText(object)).toMatch(/^True ReconciliationSucceeded/));
    expect(lab.told("passing").filter((text) => text.includes("Job/apps/passing"))).toEqual(["info Progressing: Job/apps/passing created"]);
  });

  it("waits for what its health checks name, and for nothing else", async () => {
    const healthChecks = [{ apiVersion: "apps/v1", kind: "Deployment", name: "named", namespace: NAMESPACE }];
    const revision = await begin("checks", { "a.yaml": deployment("unnamed") }, { healthChecks });
    await lab.until("checks", (object) => expect(conditionText(object, "Healthy")).toMatch(/^Unknown Progressing/));
    await begin("brings", { "a.yaml": deployment("named") });
    await lab.until("brings", (object) => expect(readyText(object)).toMatch(/^True /));
    expect(readyText(await lab.until("checks", () => undefined))).toMatch(/^Unknown /);
    await becomes("named", GOOD);
    await lab.until("checks", (object) => expect(readyText(object)).toBe(`True ReconciliationSucceeded: Applied revision: ${revision}`));
  });
});

describe("a Kustomization that depends on others", () => {
  it("says what it waits for, and goes on as soon as that is ready", async () => {
    const revision = await begin("dependent", { "a.yaml": configMap("dependent", {}) }, { dependsOn: [{ name: "base" }] });
    await lab.until("dependent", (object) =>
      expect(readyText(object)).toBe(
        "False DependencyNotReady: dependency 'apps/base' not found: kustomizations.kustomize.toolkit.fluxcd.io \"base\" not found",
      ),
    );
    await begin("base", { "a.yaml": deployment("base") }, { wait: true });
    await lab.until("base", (object) => expect(conditionText(object, "Healthy")).toMatch(/^Unknown /));
    expect(await lab.configMap("dependent")).toBeUndefined();
    await becomes("base", GOOD);
    await lab.until("dependent", (object) => expect(readyText(object)).toBe(`True ReconciliationSucceeded: Applied revision: ${revision}`));
    await vi.waitFor(
      () =>
        expect(lab.told("dependent").filter((text) => text.includes("Dependenc"))).toEqual([
          "info DependencyNotReady: Dependencies do not meet ready condition, retrying in 1h0m0s",
        ]),
      LIMIT,
    );
  });

  it("of the same source follows each revision in order, along a chain", async () => {
    const names = ["link-1", "link-2", "link-3"];
    await lab.createSource("chain");
    const files = (v: string): Readonly<Record<string, string>> => Object.fromEntries(names.map((name) => [`${name}/a.yaml`, configMap(name, { v })]));
    const sourceRef = { kind: "GitRepository", name: "chain" } as const;
    for (const [index, name] of [...names.entries()].toReversed()) {
      const before = names[index - 1];
      await lab.create(name, { path: `./${name}`, sourceRef, ...(before !== undefined && { dependsOn: [{ name: before }] }) });
    }
    for (const v of ["1", "2", "3", "4"]) {
      const artifact = await lab.publish("chain", files(v));
      for (const name of names) await lab.ready(name, artifact);
      const versions = await Promise.all(names.map(async (name) => BigInt((await lab.configMap(name))?.metadata.resourceVersion ?? 0)));
      expect(versions.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(versions);
    }
  });

  it("in a circle says so of each, and applies nothing", async () => {
    await begin("round", { "a.yaml": configMap("round", {}) }, { dependsOn: [{ name: "about" }] });
    await begin("about", { "a.yaml": configMap("about", {}) }, { dependsOn: [{ name: "round" }] });
    await lab.until("about", (object) => expect(readyText(object)).toBe("False DependencyNotReady: dependency 'apps/round' is not ready"));
    expect(await lab.configMap("about")).toBeUndefined();
  });
});
