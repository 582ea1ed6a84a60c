import { describe, expect, it } from "vitest";
import type { Condition, InventoryEntry, Kustomization } from "@plumb/api";
import type { ApplyResult, Change } from "@plumb/apply";
import { ToolkitError } from "@plumb/std";
import type { KustomizationDone } from "./act.ts";
import { explainKustomization, reportKustomization, type KustomizationRun } from "./report.ts";

const REVISION = "main@sha1:2";
const entry = (name: string): InventoryEntry => ({ id: `apps_${name}__ConfigMap`, v: "v1" });
const change = (name: string, action: Change["action"]): Change => ({ subject: `ConfigMap/apps/${name}`, entry: entry(name), action });
const applied = (more: Partial<ApplyResult> = {}): ApplyResult => ({ changes: [], inventory: [entry("a")], drifted: [], failure: undefined, ...more });

function kustomization(status: Kustomization["status"] = {}): Kustomization {
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name: "shop", uid: "u", resourceVersion: "1", generation: 1 },
    spec: { interval: "10m", retryInterval: "2m", timeout: "1m", prune: true, sourceRef: { kind: "GitRepository", name: "lab" } },
    status,
  };
}

function run(done: Partial<KustomizationDone> = {}, originRevision?: string): KustomizationRun {
  const artifact = {
    path: "p",
    url: "http://s/p",
    revision: REVISION,
    digest: "sha256:0",
    lastUpdateTime: "2026-01-01T00:00:00Z",
    ...(originRevision === undefined ? {} : { metadata: { "org.opencontainers.image.revision": originRevision } }),
  };
  return {
    seen: { source: { kind: "ready", artifact }, unmet: undefined, requeueDependencyMs: 30_000 },
    plan: { artifact, originRevision, timeoutMs: 60_000 },
    done: { digest: "sha256:d", applied: applied(), pruned: undefined, health: undefined, unwatched: [], ...done },
    startedMs: 1_000_000,
    endedMs: 1_001_500,
  };
}

const condition = (type: string, status: Condition["status"], reason: string, message: string): Condition => ({
  type,
  status,
  reason,
  message,
  observedGeneration: 1,
  lastTransitionTime: "2026-01-01T00:00:00Z",
});

describe("a run that was interrupted", () => {
  it.each(["cancelled", "conflict"] as const)("(%s) tells what it had changed by then, which no later run will find", (kind) => {
    const done = { applied: applied({ changes: [change("a", "configured")], failure: new ToolkitError(kind, "stopped") }) };
    expect(reportKustomization(kustomization(), run(done)).notices[0]).toMatchObject({
      severity: "info",
      message: "ConfigMap/apps/a configured",
      isDurable: true,
    });
  });
});

describe("a run that came to its end", () => {
  it("says the revision, keeps inventory and history, and tells what changed and when it looks again", () => {
    const report = reportKustomization(
      kustomization(),
      run({ applied: applied({ changes: [change("a", "created"), change("b", "unchanged")] }) }, "origin@sha1:9"),
    );
    expect(report.outcome).toEqual({ kind: "settled", reason: "ReconciliationSucceeded", message: `Applied revision: ${REVISION}`, nextInMs: 600_000 });
    expect(report.status).toMatchObject({
      lastAppliedRevision: REVISION,
      lastAttemptedRevision: REVISION,
      lastAppliedOriginRevision: "origin@sha1:9",
      inventory: { entries: [entry("a")] },
      history: [{ digest: "sha256:d", lastReconciledDuration: "1.5s", metadata: { revision: REVISION, originRevision: "origin@sha1:9" } }],
    });
    const metadata = { "kustomize.toolkit.fluxcd.io/revision": REVISION, "kustomize.toolkit.fluxcd.io/originRevision": "origin@sha1:9" };
    expect(report.notices).toMatchObject([
      { severity: "info", reason: "Progressing", message: "ConfigMap/apps/a created", metadata },
      {
        severity: "info",
        reason: "ReconciliationSucceeded",
        message: "Reconciliation finished in 1.5s, next run in 10m0s",
        isQuiet: false,
        metadata: { ...metadata, "kustomize.toolkit.fluxcd.io/commit_status": "update" },
      },
    ]);
  });

  it("says of what drift is seen at the interval alone, and nothing where all is watched", () => {
    const inventory = Array.from({ length: 12 }, (_, index) => entry(`c${index}`));
    const done = { applied: applied({ inventory }), unwatched: inventory.slice(1).map(({ id }) => id) };
    expect(reportKustomization(kustomization(), run(done)).conditions["plumb.dev/Unwatched"]).toMatchObject({
      status: "True",
      reason: "WatchDenied",
      message: expect.stringMatching(/^drift is seen at the interval only of what cannot be watched: ConfigMap\/apps\/c1, .*ConfigMap\/apps\/c10 and 1 more$/),
    });
    const watched = reportKustomization(kustomization(), run()).conditions;
    expect([Object.hasOwn(watched, "plumb.dev/Unwatched"), watched["plumb.dev/Unwatched"]]).toEqual([true, undefined]);
  });

  it("makes no Kubernetes Event of a run that found nothing to do", () => {
    expect(reportKustomization(kustomization({ lastAppliedRevision: REVISION }), run()).notices).toMatchObject([{ isQuiet: true }]);
  });

  it("tells what was pruned, and what was left, apart from what was applied", () => {
    const done = {
      applied: applied({ changes: [change("a", "configured")] }),
      pruned: { changes: [change("z", "deleted"), change("y", "skipped")], survivors: [], failure: undefined },
    };
    expect(
      reportKustomization(kustomization(), run(done))
        .notices.map(({ message }) => message)
        .slice(0, 2),
    ).toEqual(["ConfigMap/apps/a configured", "ConfigMap/apps/z deleted\nConfigMap/apps/y skipped"]);
  });
});

describe("a run that failed", () => {
  it("in applying says what was done before, keeps what may exist, and tries again at the fixed interval", () => {
    const failure = new ToolkitError("invalid", "ConfigMap/apps/b apply failed: no");
    const report = reportKustomization(kustomization(), run({ applied: applied({ changes: [change("a", "created")], failure }) }));
    const message = "ConfigMap/apps/b apply failed: no\nConfigMap/apps/a created";
    expect(report.outcome).toMatchObject({ kind: "failed", reason: "ReconciliationFailed", error: { kind: "invalid", message }, retryInMs: 120_000 });
    expect(report.status).toEqual({
      lastAttemptedRevision: REVISION,
      inventory: { entries: [entry("a")] },
      history: [expect.objectContaining({ lastReconciledStatus: "ReconciliationFailed" })],
    });
    expect(report.notices).toMatchObject([{ severity: "error", reason: "ReconciliationFailed", message }]);
  });

  it("before anything was there has no inventory, and an empty one only where there was one", () => {
    const failed = { applied: applied({ inventory: [], failure: new ToolkitError("invalid", "no") }) };
    expect(reportKustomization(kustomization(), run(failed)).status).not.toHaveProperty("inventory");
    expect(reportKustomization(kustomization({ inventory: { entries: [entry("a")] } }), run(failed)).status.inventory).toEqual({ entries: [] });
  });

  it("for what is not built names the reason so", () => {
    const failure = new ToolkitError("invalid", "ConfigMap/apps/b: kustomize.toolkit.fluxcd.io/force is not supported");
    expect(reportKustomization(kustomization(), run({ applied: applied({ failure, failureReason: "FeatureNotSupported" }) })).outcome).toMatchObject({
      reason: "FeatureNotSupported",
    });
  });

  it("in pruning keeps what could not be deleted in the inventory", () => {
    const pruned = { changes: [], survivors: [entry("z")], failure: new ToolkitError("denied", "ConfigMap/apps/z delete failed: no") };
    const report = reportKustomization(kustomization(), run({ pruned }));
    expect(report.outcome).toMatchObject({ kind: "failed", reason: "PruneFailed" });
    expect(report.status.inventory).toEqual({ entries: [entry("a"), entry("z")] });
    expect(report.status).not.toHaveProperty("lastAppliedRevision");
  });
});

describe("health", () => {
  const waiting = ["Deployment/apps/web status: 'InProgress'"];
  it("that is not there yet is waited for until the timeout, and no longer", () => {
    const found = { kind: "progressing", waiting } as const;
    const before = reportKustomization(kustomization(), run({ health: { found, waitedMs: 59_000 } }));
    expect(before.outcome).toEqual({ kind: "waiting", ready: "Unknown", reason: "Progressing", message: "Reconciliation in progress", retryInMs: 1000 });
    expect(before.conditions["Healthy"]).toMatchObject({ status: "Unknown", reason: "Progressing" });
    expect(before.status).not.toHaveProperty("lastAppliedRevision");
    const after = reportKustomization(kustomization(), run({ health: { found, waitedMs: 60_000 } }));
    expect(after.outcome).toMatchObject({
      kind: "failed",
      reason: "HealthCheckFailed",
      retryInMs: 120_000,
      error: { message: "health check failed after 1m0s: timeout waiting for: [Deployment/apps/web status: 'InProgress']" },
    });
    expect(after.conditions["Healthy"]).toEqual({
      status: "False",
      reason: "HealthCheckFailed",
      message: "timeout waiting for: [Deployment/apps/web status: 'InProgress']",
    });
    expect(after.status).toMatchObject({ history: [{ lastReconciledStatus: "HealthCheckFailed", lastReconciledDuration: "1m0s" }] });
  });

  it("that cannot be asked for is said", () => {
    const found = new ToolkitError("unavailable", "the API server is away");
    expect(reportKustomization(kustomization(), run({ health: { found, waitedMs: 3000 } })).outcome).toMatchObject({
      reason: "HealthCheckFailed",
      error: { kind: "unavailable", message: "health check failed after 3s: the API server is away" },
    });
  });

  it("is told when it has come, and not again while nothing changes (K-063)", () => {
    const health = { found: { kind: "healthy" }, waitedMs: 2500 } as const;
    const first = reportKustomization(kustomization(), run({ health }));
    expect(first.conditions["Healthy"]).toEqual({ status: "True", reason: "Succeeded", message: "Health check passed in 2.5s" });
    expect(first.notices.map(({ message }) => message)).toEqual(["Health check passed in 2.5s", "Reconciliation finished in 2.5s, next run in 10m0s"]);
    expect(first.status).toMatchObject({ history: [{ lastReconciledDuration: "2.5s" }] });
    const stored = kustomization({ lastAppliedRevision: REVISION, conditions: [condition("Healthy", "True", "Succeeded", "Health check passed in 9s")] });
    const again = reportKustomization(stored, run({ health }));
    expect(again.conditions["Healthy"]).toEqual({ status: "True", reason: "Succeeded", message: "Health check passed in 9s" });
    expect(again.notices).toHaveLength(1);
  });

  it("is no condition where nothing is waited for", () => {
    expect(reportKustomization(kustomization(), run()).conditions).toEqual({ Healthy: undefined });
  });
});

describe("a run that failed before it could apply", () => {
  const { seen } = run();
  const act = (error: ToolkitError, reason: string | undefined): ReturnType<typeof explainKustomization> =>
    explainKustomization(kustomization(), { step: "act", seen, error, reason, startedMs: 0, endedMs: 1 });

  it("for an artifact that is not served yet waits without telling anybody (K-011)", () => {
    expect(act(new ToolkitError("missing", "404"), "ArtifactFailed")).toMatchObject({
      outcome: {
        kind: "waiting",
        ready: "False",
        reason: "ArtifactFailed",
        message: "Source is not ready, artifact not found, retrying in 30s",
        retryInMs: 30_000,
      },
      notices: [],
    });
  });

  it("for its path or its artifact did not attempt the revision (K-023)", () => {
    const report = act(new ToolkitError("invalid", "kustomization path not found: x"), "ArtifactFailed");
    expect([report.status, report.outcome]).toMatchObject([{}, { kind: "failed", reason: "ArtifactFailed", retryInMs: 120_000 }]);
    expect(report.status).not.toHaveProperty("lastAttemptedRevision");
  });

  it("in its build has attempted it, and tells why (K-012)", () => {
    const report = act(new ToolkitError("invalid", "kustomize build failed: no"), "BuildFailed");
    expect(report.status).toEqual({ lastAttemptedRevision: REVISION });
    expect(report.notices).toMatchObject([
      { severity: "error", reason: "BuildFailed", message: "kustomize build failed: no", metadata: { "kustomize.toolkit.fluxcd.io/revision": REVISION } },
    ]);
  });

  it("in taking back what it applied is kept, and tells why (K-069)", () => {
    const report = explainKustomization(kustomization(), {
      step: "remove",
      error: new ToolkitError("denied", "no"),
      reason: undefined,
      startedMs: 0,
      endedMs: 1,
    });
    expect(report).toMatchObject({
      outcome: { kind: "failed", reason: "PruneFailed" },
      notices: [{ severity: "error", message: "pruning for deleted resource failed: no" }],
    });
  });
});
