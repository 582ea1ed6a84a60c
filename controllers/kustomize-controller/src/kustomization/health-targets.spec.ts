import { inventoryEntry, subjectOf, type Kustomization, type Manifest } from "@plumb/api";
import type { Change } from "@plumb/apply";
import { describe, expect, it } from "vitest";
import { healthTargets } from "./health-targets.ts";

function kustomization(spec: Partial<Kustomization["spec"]>): Kustomization {
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name: "shop", uid: "u", resourceVersion: "1" },
    spec: { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "lab" }, ...spec },
  };
}

function object(apiVersion: string, kind: string, name: string, spec: object = {}): Manifest {
  return { apiVersion, kind, metadata: { namespace: "apps", name }, spec: { ...spec } };
}

const change = (of: Manifest, action: Change["action"]): Change => ({ subject: subjectOf(of), entry: inventoryEntry(of), action });

describe("what is waited for", () => {
  const web = object("apps/v1", "Deployment", "web");
  const job = object("batch/v1", "Job", "once", { ttlSecondsAfterFinished: 0 });
  const own = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "shop");
  const objects = [web, job, own].map((one) => ({ object: one }));

  it("is all that was applied, but for what the run skipped and the Kustomization itself", () => {
    const targets = healthTargets(kustomization({ wait: true }), objects, [change(web, "skipped"), change(job, "created"), change(own, "created")]);
    expect(targets.map(({ kind, name }) => `${kind}/${name}`)).toEqual(["Job/once"]);
  });

  it("is what health checks name, of apps/v1 and in the same namespace unless they say otherwise", () => {
    const healthChecks = [
      { kind: "Deployment", name: "web" },
      { apiVersion: "batch/v1", kind: "Job", name: "twice", namespace: "jobs" },
    ];
    expect(healthTargets(kustomization({ healthChecks }), objects, [])).toEqual([
      { apiVersion: "apps/v1", kind: "Deployment", namespace: "apps", name: "web" },
      { apiVersion: "batch/v1", kind: "Job", namespace: "jobs", name: "twice" },
    ]);
  });

  it.each<[string, Partial<Kustomization["spec"]>]>([
    ["all is waited for", { wait: true }],
    ["a health check names it", { healthChecks: [{ apiVersion: "batch/v1", kind: "Job", name: "once" }] }],
  ])("may be a Job that cleans itself away, where %s (K-061)", (_, spec) => {
    const found = healthTargets(kustomization(spec), objects, []).find(({ name }) => name === "once");
    expect(found).toMatchObject({ kind: "Job", endsItself: true });
  });

  it("is no such Job where only the kind has that name", () => {
    const other = object("batch.example.com/v1", "Job", "once", { ttlSecondsAfterFinished: 0 });
    expect(healthTargets(kustomization({ wait: true }), [{ object: other }], [])).toEqual([
      { apiVersion: "batch.example.com/v1", kind: "Job", namespace: "apps", name: "once" },
    ]);
  });
});
