import { describe, expect, it } from "vitest";
import { KUSTOMIZATION, type Artifact, type Kustomization } from "@plumb/api";
import { fieldsToldUnsupported } from "@plumb/api/testing";
import type { KustomizationSeen, SourceSeen } from "./observe.ts";
import { planKustomization } from "./plan.ts";

const artifact: Artifact = { path: "p", url: "http://s/p", revision: "main@sha1:1", digest: "sha256:0", lastUpdateTime: "2026-01-01T00:00:00Z" };
const ready: SourceSeen = { kind: "ready", artifact };

function kustomization(spec: Partial<Kustomization["spec"]> = {}, status: Kustomization["status"] = { observedGeneration: -1 }): Kustomization {
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name: "shop", uid: "u", resourceVersion: "1", generation: 1 },
    spec: { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "lab" }, ...spec },
    status,
  };
}

function seen(change: Partial<KustomizationSeen> = {}): KustomizationSeen {
  return { source: ready, unmet: undefined, requeueDependencyMs: 30_000, ...change };
}

const UNBUILT: readonly (readonly [field: string, spec: Partial<Kustomization["spec"]>])[] = [
  ["spec.decryption", { decryption: { provider: "sops" } }],
  ["spec.postBuild", { postBuild: { substitute: { a: "b" } } }],
  ["spec.postBuild", { postBuild: { substituteFrom: [{ kind: "ConfigMap", name: "vars", optional: true }] } }],
  ["spec.postBuild", { postBuild: { substituteStrategy: "Always" } }],
  ["spec.kubeConfig", { kubeConfig: { secretRef: { name: "k" } } }],
  ["spec.serviceAccountName", { serviceAccountName: "tenant" }],
  ["spec.healthCheckExprs", { healthCheckExprs: [{ apiVersion: "a/v1", current: "true" }] }],
  ["spec.force", { force: true }],
  ["spec.ignore", { ignore: [{ paths: ["/spec/replicas"] }] }],
  ["spec.dependsOn[].readyExpr", { dependsOn: [{ name: "a", readyExpr: "true" }] }],
];

describe("what is not built yet is refused, never ignored", () => {
  it.each(UNBUILT)("%s", (field, spec) => {
    expect(planKustomization(kustomization(spec), seen())).toMatchObject({
      kind: "halt",
      report: {
        outcome: { kind: "stalled", reason: "FeatureNotSupported", message: expect.stringContaining(field) },
        notices: [{ severity: "error", reason: "FeatureNotSupported", message: expect.stringContaining(field) }],
      },
    });
  });

  it("which kubectl explain says of these fields and no others", () => {
    expect(fieldsToldUnsupported(KUSTOMIZATION)).toEqual([...new Set([...UNBUILT.map(([field]) => field.replace("[]", "")), "spec.sourceRef.kind"])].sort());
  });

  it("but for what is built, and what asks for nothing", () => {
    const spec = {
      postBuild: { substitute: {}, substituteStrategy: "WithVariables" },
      serviceAccountName: "",
      force: false,
      ignore: [],
      buildMetadata: ["originAnnotations"],
    } as const;
    expect(planKustomization(kustomization(spec), seen())).toMatchObject({ kind: "proceed" });
  });
});

describe("a source", () => {
  it("that is ready is worked on, with the revision of its origin", () => {
    const withOrigin = { ...artifact, metadata: { "org.opencontainers.image.revision": "main@sha1:9" } };
    expect(planKustomization(kustomization(), seen({ source: { kind: "ready", artifact: withOrigin } }))).toEqual({
      kind: "proceed",
      plan: { artifact: withOrigin, originRevision: "main@sha1:9", timeoutMs: 570_000 },
    });
  });
  it.each<[string, SourceSeen, object]>([
    [
      "that is absent",
      { kind: "absent", message: 'GitRepository.source.toolkit.fluxcd.io "lab" not found' },
      { kind: "waiting", ready: "False", reason: "ArtifactFailed", message: 'GitRepository.source.toolkit.fluxcd.io "lab" not found', retryInMs: 600_000 },
    ],
    [
      "without an artifact",
      { kind: "without-artifact" },
      { kind: "waiting", ready: "False", reason: "ArtifactFailed", message: "Source artifact not found, retrying in 30s", retryInMs: 30_000 },
    ],
    ["of another namespace under lockdown", { kind: "refused", message: "can't access" }, { kind: "stalled", reason: "AccessDenied", message: "can't access" }],
  ])("%s says so", (_, source, outcome) => {
    expect(planKustomization(kustomization(), seen({ source }))).toMatchObject({ kind: "halt", report: { outcome } });
  });
  it.each<[string, SourceSeen, object[]]>([
    ["told where it is refused", { kind: "refused", message: "can't access" }, [{ severity: "error", reason: "AccessDenied", message: "can't access" }]],
    ["not told while it is absent", { kind: "absent", message: "not found" }, []],
    ["not told while it has no artifact", { kind: "without-artifact" }, []],
  ])("is %s (K-007, K-009)", (_, source, notices) => {
    expect(planKustomization(kustomization(), seen({ source }))).toMatchObject({ report: { notices } });
  });
});

describe("a dependency that is not ready", () => {
  const unmet = "dependency 'apps/db' is not ready";
  it("is said in status and told once", () => {
    expect(planKustomization(kustomization(), seen({ unmet }))).toMatchObject({
      report: {
        outcome: { kind: "waiting", reason: "DependencyNotReady", message: unmet, retryInMs: 30_000 },
        notices: [{ severity: "info", message: "Dependencies do not meet ready condition, retrying in 30s" }],
      },
    });
  });
  it("is not told again while it lasts", () => {
    const condition = {
      type: "Ready",
      status: "False",
      reason: "DependencyNotReady",
      message: unmet,
      observedGeneration: 1,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    } as const;
    expect(planKustomization(kustomization({}, { conditions: [condition] }), seen({ unmet }))).toMatchObject({ report: { notices: [] } });
  });
});
