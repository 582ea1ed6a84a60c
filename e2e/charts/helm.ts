import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../control-plane/src/build-lock.ts";

/** The program, or why there is none. */
export type Helm = { readonly kind: "found"; readonly program: string } | { readonly kind: "absent"; readonly reason: string };

const MODULE = "helm.sh/helm/v3/cmd/helm@v3.19.0";
const run = promisify(execFile);

/** Finds Helm in the cache, and builds it from Go modules where it is not there yet: about a minute, once a machine. */
export async function findHelm(env: Readonly<Record<string, string | undefined>>, onProgress: (line: string) => void, signal: AbortSignal): Promise<Helm> {
  const go = await run("go", ["env", "GOVERSION", "GOOS", "GOARCH"]).catch(() => undefined);
  if (go === undefined) return { kind: "absent", reason: "Go is not on the PATH" };
  const cache = join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "plumb", "helm");
  const folder = join(cache, createHash("sha256").update(`${MODULE}\0${go.stdout}`).digest("hex").slice(0, 32));
  const program = join(folder, "helm");
  if (await exists(program)) return { kind: "found", program };
  await mkdir(cache, { recursive: true });
  await withLock(
    `${folder}.lock`,
    () => onProgress("waiting for another process that builds Helm"),
    signal,
    async () => {
      if (await exists(program)) return;
      onProgress("building Helm, once, about a minute");
      const making = `${folder}.${randomUUID()}`;
      try {
        await run("go", ["install", "-trimpath", MODULE], { env: { ...env, GOBIN: making, CGO_ENABLED: "0" }, signal, maxBuffer: 64 * 1024 * 1024 });
        await rename(making, folder);
      } finally {
        await rm(making, { recursive: true, force: true });
      }
    },
  );
  return { kind: "found", program };
}

/** Renders a chart as it would be installed in the namespace. */
export async function render(helm: string, chart: string, namespace: string, values: readonly string[]): Promise<string> {
  const settings = values.flatMap((value) => ["--set", value]);
  const { stdout } = await run(helm, ["template", "release", chart, "--namespace", namespace, ...settings], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
