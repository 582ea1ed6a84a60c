import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";

const CUP = "apiVersion: example.com/v1\nkind: Cup\nmetadata: {name: one, labels: {size: s}}\n";

async function run(kustomization: string): Promise<string> {
  const fileSystem = new MemoryFileSystem({ "kustomization.yaml": kustomization, "cup.yaml": CUP });
  return (await build(".", { fileSystem, order: "fifo", signal: new AbortController().signal })).text();
}

function patches(target: string, resources = "[cup.yaml]"): string {
  return `resources: ${resources}\nconfigMapGenerator: []\npatches: [{patch: '[{"op": "add", "path": "/x", "value": "y"}]', target: ${target}}]\n`;
}

describe("a selector of labels that cannot be read", () => {
  it.each([
    ["there is no object to ask about", patches('{labelSelector: "a in b"}', "[]"), ""],
    ["the kind decides", patches('{kind: Jug, labelSelector: "a in b"}'), CUP],
    ["the labels of a patch's target decide", patches('{labelSelector: size=xl, annotationSelector: "a in b"}'), CUP],
  ])("is not read where %s", async (_, kustomization, expected) => {
    const built = await run(kustomization);
    expect(built.includes("x: y")).toBe(false);
    expect(built === "").toBe(expected === "");
  });

  it.each([
    ["a patch", patches('{kind: Cup, labelSelector: "a in b"}')],
    [
      "a replacement, also when its labels decide",
      'resources: [cup.yaml]\nreplacements: [{sourceValue: x, targets: [{select: {labelSelector: size=xl, annotationSelector: "a in b"}}]}]\n',
    ],
  ])("is refused in %s", async (_, kustomization) => {
    await expect(run(kustomization)).rejects.toThrow("a in b");
  });
});
