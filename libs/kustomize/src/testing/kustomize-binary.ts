import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** On two slow processors, beside the build of an API server. */
const BUILD_MS = 15 * 60_000;
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
  // Suites may build it at the same time: what is there is always whole.
  const scratch = mkdtempSync(join(folder, ".building-"));
  try {
    execFileSync("go", ["install", MODULE], { env: { ...process.env, GOBIN: scratch }, stdio: "pipe", timeout: BUILD_MS });
    renameSync(join(scratch, "kustomize"), binary);
  } catch {
    console.warn(`NOT RUN: ${MODULE} cannot be built`);
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return binary;
}
