import { describe, expect, it } from "vitest";
import { unsupportedBuildField, type BuildSpec } from "./index.ts";

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
