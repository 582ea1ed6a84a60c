import type { KustomizationSpec } from "@plumb/api";
import { describe, expect, it } from "vitest";
import { buildSpecOf, unsupportedBuildField, type BuildSpec } from "./build-spec.ts";

describe("a field of a build that is not built yet", () => {
  it.each<[string, BuildSpec]>([
    ["spec.postBuild", { postBuild: { substitute: { a: "b" } } }],
    ["spec.postBuild", { postBuild: { substituteFrom: [{ kind: "ConfigMap", name: "vars", optional: true }] } }],
    ["spec.postBuild", { postBuild: { substituteStrategy: "Always" } }],
    ["spec.decryption", { decryption: { provider: "sops" } }],
  ])("is named: %s", (field, spec) => {
    expect(unsupportedBuildField(spec)).toBe(field);
  });
  it("is not one that asks for nothing", () => {
    expect(unsupportedBuildField({ postBuild: {} })).toBeUndefined();
    expect(unsupportedBuildField({ postBuild: { substitute: {}, substituteFrom: [], substituteStrategy: "WithVariables" } })).toBeUndefined();
  });
});

describe("the part of a spec that decides what is built", () => {
  const spec: KustomizationSpec = { interval: "10m", prune: true, path: "./apps", sourceRef: { kind: "GitRepository", name: "shop" } };

  it("is the same whatever says when and how it is applied", () => {
    const other: KustomizationSpec = {
      ...spec,
      interval: "1h",
      prune: false,
      wait: true,
      timeout: "1m",
      suspend: true,
      force: true,
      dependsOn: [{ name: "base" }],
    };
    expect([buildSpecOf(spec), buildSpecOf(other)]).toEqual([{ path: "./apps" }, { path: "./apps" }]);
  });

  it.each<BuildSpec>([
    { path: "./other" },
    { targetNamespace: "apps" },
    { namePrefix: "a-" },
    { nameSuffix: "-a" },
    { patches: [{ patch: "[]" }] },
    { images: [{ name: "app", newTag: "2" }] },
    { components: ["../component"] },
    { ignoreMissingComponents: true },
    { buildMetadata: ["originAnnotations"] },
    { commonMetadata: { labels: { team: "a" } } },
    { postBuild: { substitute: { a: "b" } } },
    { decryption: { provider: "sops" } },
  ])("is another with %j", (change) => {
    expect(buildSpecOf({ ...spec, ...change })).toEqual({ path: "./apps", ...change });
  });
});
