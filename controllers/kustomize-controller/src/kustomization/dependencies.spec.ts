import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kustomization } from "@plumb/api";
import { inDependencyOrder, unmetDependency } from "./dependencies.ts";

function kustomization(
  name: string,
  {
    dependsOn = [],
    source = "lab",
    applied = "r1",
    ready = "True",
    observed = 1,
  }: { dependsOn?: readonly string[]; source?: string; applied?: string; ready?: "True" | "False"; observed?: number } = {},
): Kustomization {
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { namespace: "apps", name, uid: name, resourceVersion: "1", generation: 1 },
    spec: {
      interval: "10m",
      prune: true,
      sourceRef: { kind: "GitRepository", name: source },
      dependsOn: dependsOn.map((dependency) => ({ name: dependency })),
    },
    status: {
      observedGeneration: observed,
      lastAppliedRevision: applied,
      conditions: [{ type: "Ready", status: ready, reason: "R", message: "m", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" }],
    },
  };
}

describe("unmetDependency", () => {
  const obj = kustomization("web", { dependsOn: ["db"] });
  it.each<[string, Kustomization | undefined, string | undefined]>([
    ["nothing where all are ready", kustomization("db"), undefined],
    ["one that is absent", undefined, `dependency 'apps/db' not found: kustomizations.kustomize.toolkit.fluxcd.io "db" not found`],
    ["one that is not ready", kustomization("db", { ready: "False" }), "dependency 'apps/db' is not ready"],
    ["one whose newest generation is not observed", kustomization("db", { observed: 0 }), "dependency 'apps/db' is not ready"],
    ["one of the same source at another revision", kustomization("db", { applied: "r0" }), "dependency 'apps/db' revision is not up to date"],
    ["nothing of another source's revision", kustomization("db", { applied: "r0", source: "other" }), undefined],
  ])("names %s", (_, dependency, message) => {
    expect(unmetDependency(obj, "r1", () => dependency)).toBe(message);
  });
});

describe("inDependencyOrder", () => {
  it("puts each after what it depends on", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { maxLength: 20 }), (edges) => {
        const items = edges.map((targets, index) =>
          kustomization(`k${index}`, { dependsOn: targets.filter((target) => target < index).map((target) => `k${target}`) }),
        );
        const { ordered } = inDependencyOrder([...items].reverse());
        expect(ordered).toHaveLength(items.length);
        const place = new Map(ordered.map(({ metadata }, index) => [metadata.name, index]));
        for (const { metadata, spec } of ordered) {
          for (const { name } of spec.dependsOn ?? []) expect(place.get(name) ?? -1).toBeLessThan(place.get(metadata.name) ?? -1);
        }
      }),
    );
  });
  it("keeps a circle, and who depends on it, apart from the others", () => {
    const [a, b, behind, apart] = [
      kustomization("a", { dependsOn: ["b"] }),
      kustomization("b", { dependsOn: ["a"] }),
      kustomization("behind", { dependsOn: ["a"] }),
      kustomization("apart"),
    ];
    expect(inDependencyOrder([a, b, behind, apart])).toEqual({ ordered: [apart], circular: [a, b, behind] });
  });
  it("takes what is not woken as there", () => {
    expect(inDependencyOrder([kustomization("a", { dependsOn: ["elsewhere"] })]).ordered).toHaveLength(1);
  });
});
