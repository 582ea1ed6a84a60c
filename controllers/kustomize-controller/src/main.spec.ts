import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controllerProcessContract, runToEnd } from "@plumb/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("./main.ts", import.meta.url);
const flags = (folder: string): readonly string[] => [`--cache-path=${join(folder, "cache")}`, "--health-addr=127.0.0.1:0", "--metrics-addr=127.0.0.1:0"];

controllerProcessContract({
  name: "kustomize-controller",
  main: MAIN,
  refused: [
    [["--concurrent-ssa=0"], "--concurrent-ssa must be at least 1, got 0"],
    [["--feature-gates=ObjectLevelWorkloadIdentity=true"], "--feature-gates: ObjectLevelWorkloadIdentity=true is not supported"],
  ],
  flags,
});

describe("the process of a controller that has a cluster", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "plumb-kustomize-main-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each<[string, readonly string[], string]>([
    ["a cache that cannot be", ["--cache-path=FILE/cache"], "FILE/cache"],
    ["a spool that cannot be", ["--spool-path=FILE/spool"], "FILE/spool"],
    ["an address that is not its own", ["--health-addr=192.0.2.1:1"], "192.0.2.1:1"],
  ])("ends, and names it, for %s", async (_, args, named) => {
    const file = join(folder, "kubeconfig");
    const contexts = [{ name: "it", context: { cluster: "it", user: "it" } }];
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "it",
        contexts,
        clusters: [{ name: "it", cluster: { server: "http://127.0.0.1:1" } }],
        users: [{ name: "it", user: { token: "x" } }],
      }),
    );
    const wrong = args.map((arg) => arg.replace("FILE", file));
    const { code, stderr } = await runToEnd(MAIN, [`--kubeconfig=${file}`, ...flags(folder), "--log-level=error", ...wrong]);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/^kustomize-controller: .+\n$/);
    expect(stderr).toContain(named.replace("FILE", file));
  });
});
