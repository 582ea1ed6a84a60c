import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bundle } from "./bundle.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

describe("the file that a controller ships as", () => {
  it.each(["source-controller", "kustomize-controller", "notification-controller"])("of %s starts no program", async (name) => {
    const text = readFileSync(await bundle(root, `controllers/${name}`), "utf8");
    expect(text.length).toBeGreaterThan(100_000);
    expect(text).not.toMatch(/["'`](node:)?child_process["'`]/);
  });
});
