import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";

async function namesOf(files: Readonly<Record<string, string>>): Promise<unknown> {
  const { objects } = await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
  return objects.map(({ object }) => object["metadata"]);
}

const RESOURCES = `apiVersion: example.com/v1
kind: Cup
metadata: {name: one}
---
apiVersion: example.com/v1
kind: Plate
metadata: {name: two}
`;

describe("configurations", () => {
  it("let a specification for one kind take the place of the built-in one for all kinds, as kustomize's order of merging has it", async () => {
    const files = {
      "kustomization.yaml": "resources: [all.yaml]\nnamePrefix: p-\nnameSuffix: -s\nconfigurations: [config.yaml]\n",
      "config.yaml": "namePrefix: [{path: metadata/name, kind: Cup}]\n",
      "all.yaml": RESOURCES,
    };
    expect(await namesOf(files)).toStrictEqual([{ name: "p-one-s" }, { name: "two-s" }]);
  });

  it("join what several entries of one file say about the same kind", async () => {
    const referrer = (path: string): string => `- {kind: Cup, fieldSpecs: [{kind: Plate, path: ${path}}]}\n`;
    const files = {
      "kustomization.yaml": "resources: [all.yaml, plate.yaml]\nnamePrefix: p-\nconfigurations: [config.yaml]\n",
      "config.yaml": `nameReference:\n${referrer("metadata/annotations/a")}${referrer("metadata/annotations/b")}`,
      "all.yaml": RESOURCES,
      "plate.yaml": "apiVersion: example.com/v1\nkind: Plate\nmetadata: {name: three, annotations: {a: one, b: one}}\n",
    };
    expect(await namesOf(files)).toStrictEqual([{ name: "p-one" }, { name: "p-two" }, { name: "p-three", annotations: { a: "p-one", b: "p-one" } }]);
  });

  it("of a kustomization with components lose what is built in where a base has it already", async () => {
    const files = {
      "kustomization.yaml": "resources: [base]\ncomponents: [part]\nnamePrefix: p-\nconfigurations: [config.yaml]\n",
      "config.yaml": "namePrefix: [{path: metadata/name, kind: Cup}]\n",
      "base/kustomization.yaml": "resources: [all.yaml]\n",
      "base/all.yaml": RESOURCES,
      "part/kustomization.yaml": "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\ncommonAnnotations: {a: b}\n",
    };
    expect(await namesOf(files)).toStrictEqual([
      { name: "p-one", annotations: { a: "b" } },
      { name: "two", annotations: { a: "b" } },
    ]);
  });
});
