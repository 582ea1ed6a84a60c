import { describe, expect, it } from "vitest";
import { readTransformerConfig } from "./transformer-config.ts";

describe("a file of configurations", () => {
  it("may have a number for a path, which is text to kustomize", () => {
    expect(readTransformerConfig({ varReference: [{ path: 5, kind: "Cup" }] }).varReference).toMatchObject([{ path: "5", kind: "Cup" }]);
  });

  it.each([
    [{ varReference: [{ path: "spec/a", kind: true }] }, "varReference[0].kind"],
    [{ nameReference: [{ kind: "Cup", version: 1 }] }, "nameReference[0].version"],
    [{ nameReference: [{ kind: "Cup", fieldSpecs: [{ path: "a", group: 2 }] }] }, "nameReference[0].fieldSpecs[0].group"],
  ])("may not have one for a kind: %j", (value, place) => {
    expect(() => readTransformerConfig(value)).toThrow(`${place} of type string`);
  });

  it.each([{ cups: [] }, { images: [{ cup: "a" }] }, { nameReference: [{ cup: "a" }] }])("may not have fields that nobody knows: %j", (value) => {
    expect(() => readTransformerConfig(value)).toThrow(/unknown field "cups?"/);
  });
});
