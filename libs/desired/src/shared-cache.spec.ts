import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryFileSystem } from "@plumb/files";
import { BuildCache } from "@plumb/kustomize";
import { afterAll, describe, expect, it } from "vitest";
import { buildDesired, buildDesiredText } from "./index.ts";

const { signal } = new AbortController();
const home = mkdtempSync(join(tmpdir(), "plumb-shared-cache-"));
afterAll(() => rmSync(home, { recursive: true }));

function files(image: string): Readonly<Record<string, string>> {
  return {
    "base/kustomization.yaml": "resources: [pod.yaml]\n",
    "base/pod.yaml": `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: ${image}}]}\n`,
    "a/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n",
    "b/kustomization.yaml": "resources: [../base]\nimages: [{name: nginx, newTag: '2'}]\n",
  };
}

describe("Kustomizations that are built with one cache", () => {
  it("come to the same as each alone, overlay by overlay and artifact by artifact", async () => {
    const cache = new BuildCache();
    for (const image of ["nginx:1", "busybox:1", "nginx:1"])
      for (const path of ["a", "b", "base", ""])
        for (const targetNamespace of [undefined, "t"]) {
          const spec = { path, ...(targetNamespace === undefined ? {} : { targetNamespace }) };
          const fileSystem = new MemoryFileSystem(files(image));
          expect(await buildDesired(spec, { fileSystem, signal, cache }).catch(String)).toStrictEqual(
            await buildDesired(spec, { fileSystem, signal }).catch(String),
          );
        }
  });

  it("read a base that they share once", async () => {
    const cache = new BuildCache();
    for (const [path, text] of Object.entries(files("nginx:1"))) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), text);
    }
    await buildDesiredText({ path: "a" }, home, { signal, cache });
    const { bytes } = cache;
    expect(bytes).toBeGreaterThan(0);
    await buildDesiredText({ path: "b" }, home, { signal, cache });
    expect(cache.bytes).toBe(bytes);
  });
});
