import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";

const CUP = `apiVersion: example.com/v1
kind: Cup
metadata:
  name: one
spec:
  count: 1
  half: 1.5
  many: 12345678901234567890
  much: 1e3
  name: é
  tag: a<b
  list: [1, 2]
  deep: {a: {b: 1.0, c: null}}
  nothing: null
  gaps: [null]
`;

async function patched(patch: string): Promise<string> {
  const files = {
    "kustomization.yaml": `resources: [cup.yaml]\npatches: [{path: patch, target: {kind: Cup}}]\n`,
    "cup.yaml": CUP,
    patch,
  };
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal })).text();
}

const test = (field: string, value: string): string => `{"op": "test", "path": "/spec/${field}", "value": ${value}}`;

describe("the operation test compares how values are written", () => {
  it.each([
    ["count", "1"],
    ["half", "1.5"],
    ["many", "12345678901234567890"],
    ["much", "1000"],
    ["name", '"é"'],
    ["tag", '"a\\u003cb"'],
    ["list", "[ 1,2 ]"],
    ["deep", '{"a": {"c": null, "b": 1}}'],
    ["nothing", "null"],
    ["missing", "null"],
  ])("%s is %s", async (field, value) => {
    expect(await patched(`[${test(field, value)}]`)).toContain("name: one\n");
  });

  it.each([
    ["count", "1.0"],
    ["count", '"1"'],
    ["half", "1.50"],
    ["much", "1e3"],
    ["name", '"\\u00e9"'],
    ["tag", '"a<b"'],
    ["list", "[1, 2.0]"],
    ["deep", '{"a": {"b": 1.0, "c": null}}'],
    ["deep", '{"a": {"b": 1}}'],
    ["nothing", "0"],
    ["gaps", "[null]"],
  ])("%s is not %s", async (field, value) => {
    await expect(patched(`[${test(field, value)}]`)).rejects.toThrow(`testing value /spec/${field} failed`);
  });

  it("in a patch of YAML, Go writes both", async () => {
    expect(await patched("- {op: test, path: /spec/count, value: 1.0}\n- {op: test, path: /spec/tag, value: a<b}\n")).toContain("name: one\n");
  });

  it("what an operation has set is as the patch writes it, also where another has moved it", async () => {
    const operations = [
      '{"op": "add", "path": "/spec/count", "value": 1.0}',
      test("count", "1.0"),
      '{"op": "move", "from": "/spec/count", "path": "/spec/moved"}',
      test("moved", "1.0"),
    ];
    expect(await patched(`[${operations.join(", ")}]`)).toContain("  moved: 1\n");
    await expect(patched(`[${operations[0]}, ${test("count", "1")}]`)).rejects.toThrow("testing value /spec/count failed");
  });

  it("the operation itself may be written in any way", async () => {
    expect(await patched('[{"\\u006fp": "\\u0061dd", "path": "\\/spec\\/count", "value": "\\u0078"}]')).toContain("  count: x\n");
  });
});
