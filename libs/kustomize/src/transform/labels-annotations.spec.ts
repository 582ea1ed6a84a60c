import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

it("No labels to set leave every object as it is", async () => {
  const files = {
    "kustomization.yaml": "resources: [job.yaml]\nlabels: [{pairs: {}, includeSelectors: true}]\n",
    "job.yaml": "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a\n",
  };
  const { text } = await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
  expect(text()).toBe(files["job.yaml"]);
});
