import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1";

/** The real kustomize, built once into the user's cache; undefined, with the reason printed, where Go is not there. */
export function kustomizeBinary(cacheHome: string | undefined): string | undefined {
  const folder = join(cacheHome ?? join(homedir(), ".cache"), "plumb", "kustomize-v5.8.1");
  const binary = join(folder, "kustomize");
  if (existsSync(binary)) return binary;
  if (spawnSync("go", ["version"]).status !== 0) {
    console.warn("NOT RUN: Go is not there to build kustomize");
    return undefined;
  }
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("go", ["install", MODULE], { env: { ...process.env, GOBIN: folder }, stdio: "pipe", timeout: 300_000 });
  } catch {
    console.warn(`NOT RUN: ${MODULE} cannot be built`);
    return undefined;
  }
  return binary;
}
