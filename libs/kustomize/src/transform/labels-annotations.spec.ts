import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

async function built(files: Readonly<Record<string, string>>): Promise<string> {
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal })).text();
}

it("No labels to set leave every object as it is", async () => {
  const files = {
    "kustomization.yaml": "resources: [job.yaml]\nlabels: [{pairs: {}, includeSelectors: true}]\n",
    "job.yaml": "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a\n",
  };
  expect(await built(files)).toBe(files["job.yaml"]);
});

it("A field that another one makes gets all entries but the first, as in kustomize", async () => {
  const fields = "[{path: spec}, {path: spec/notes, create: true}]";
  const files = {
    "kustomization.yaml": `resources: [cup.yaml]\ntransformers:\n- |-\n  {apiVersion: builtin, kind: AnnotationsTransformer, metadata: {name: t}, annotations: {a: "1", b: "2", c: "3"}, fieldSpecs: ${fields}}\n`,
    "cup.yaml": "apiVersion: example.com/v1\nkind: Cup\nmetadata:\n  name: one\n",
  };
  expect(await built(files)).toContain('spec:\n  b: "2"\n  c: "3"\n  notes:\n    a: "1"\n    b: "2"\n    c: "3"\n');
});
