import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";

async function patched(patch: string, rest: string): Promise<string> {
  const files = {
    "kustomization.yaml": `resources: [cup.yaml]\npatches:\n- patch: '${patch}'\n${rest}`,
    "cup.yaml": "apiVersion: example.com/v1\nkind: Cup\nmetadata:\n  name: one\nspec: 1\n",
  };
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal })).text();
}

it("A mapping with a field that has no name takes no strategic merge patch, as in kustomize", async () => {
  const head = "apiVersion: example.com/v1, kind: Cup, metadata: {name: one}";
  await expect(patched(`{${head}, data: {"": a, b: c}}`, "")).rejects.toThrow("wrong node kind: expected ScalarNode but got MappingNode");
});

describe("a directive at the top of a strategic merge patch", () => {
  it.each([
    ["found by its own id", ""],
    ["with a target", "  target: {kind: Cup}\n"],
    ["that may change name and kind", "  target: {kind: Cup}\n  options: {allowNameChange: true, allowKindChange: true}\n"],
  ])("removes the whole object or leaves it whole, %s", async (_, rest) => {
    const head = "apiVersion: example.com/v1, kind: Cup, metadata: {name: one}";
    expect(await patched(`{${head}, $patch: delete}`, rest)).toBe("");
    expect(await patched(`{${head}, $patch: replace, spec: 2}`, rest)).toBe("apiVersion: example.com/v1\nkind: Cup\nmetadata:\n  name: one\nspec: 1\n");
    expect(await patched(`{${head}, $patch: merge, spec: 2}`, rest)).toContain("spec: 2\n");
  });
});

it("A patch, like any file that is YAML, may be in UTF-16 behind a byte order mark", async () => {
  const wide = (text: string): Uint8Array => Buffer.from(`\ufeff${text}`, "utf16le");
  const files = {
    "kustomization.yaml": wide("resources: [cup.yaml]\npatches: [{path: a.yaml}, {path: b.yaml, target: {kind: Cup}}]\n"),
    "cup.yaml": wide("apiVersion: example.com/v1\nkind: Cup\nmetadata: {name: one}\n"),
    "a.yaml": wide("apiVersion: example.com/v1\nkind: Cup\nmetadata: {name: one}\nspec: {a: 1}\n"),
    "b.yaml": wide("- {op: add, path: /spec/b, value: 2}\n"),
  };
  const { objects } = await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
  expect(objects[0]?.object["spec"]).toStrictEqual({ a: 1, b: 2 });
});
