import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readFile, readdir, rename, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { withLock } from "./build-lock.ts";

/** A folder that holds `etcd`, `kube-apiserver`, `kube-controller-manager` and `kubectl`, or why there is none. */
export type Binaries = { readonly kind: "found"; readonly folder: string } | { readonly kind: "absent"; readonly reason: string };

export interface BuildOptions {
  /** `KUBEBUILDER_ASSETS` names a folder to use as it is; `XDG_CACHE_HOME` moves the cache; Go reads its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what is going on when it takes long: lines for a person. */
  readonly onProgress: (line: string) => void;
}

const SOURCE = fileURLToPath(new URL("../", import.meta.url));
const NAMES = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"];
const FLAGS = ["-buildvcs=false", "-trimpath", "-ldflags", "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3"];
const PROGRESS_MS = 10_000;

/**
 * Finds the control plane's programs, and links them from Go modules where they are not in the cache yet: about five
 * minutes, once a machine.
 *
 * @throws {Error} with the compiler's last words when the build fails
 */
export async function findBinaries(options: BuildOptions, signal: AbortSignal): Promise<Binaries> {
  const assets = options.env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && assets !== "") return given(assets);
  const version = await goVersion(options, signal);
  if (version === undefined) return { kind: "absent", reason: "Go is not on the PATH, and neither KUBEBUILDER_ASSETS nor KUBECONFIG is set" };
  const cache = join(options.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "plumb", "control-plane");
  const folder = join(cache, await hashOfSource(version));
  if (await exists(join(folder, "kubectl"))) return { kind: "found", folder };
  await mkdir(cache, { recursive: true });
  const onWait = (): void => options.onProgress("waiting for another process that builds the control plane");
  await withLock(`${folder}.lock`, onWait, signal, async () => {
    if (!(await exists(join(folder, "kubectl")))) await build(folder, options, signal);
  });
  return { kind: "found", folder };
}

async function given(folder: string): Promise<Binaries> {
  // The controller manager is not part of what is commonly installed there; whoever needs it is told then.
  const missing = await Promise.all(["etcd", "kube-apiserver", "kubectl"].map(async (name) => ((await exists(join(folder, name))) ? [] : [name])));
  const names = missing.flat();
  return names.length === 0 ? { kind: "found", folder } : { kind: "absent", reason: `KUBEBUILDER_ASSETS (${folder}) lacks ${names.join(", ")}` };
}

/** Go's version, system and architecture; undefined without Go. */
async function goVersion({ env }: BuildOptions, signal: AbortSignal): Promise<string | undefined> {
  const { code, lines } = await go(["env", "GOVERSION", "GOOS", "GOARCH"], env, signal);
  if (code === undefined) return undefined;
  if (code !== 0) throw new Error(`go env failed: ${lines.join("\n")}`);
  return lines.join(" ");
}

async function hashOfSource(version: string): Promise<string> {
  const names = (await readdir(SOURCE)).filter((name) => /^go\.(mod|sum)$|\.go$/.test(name)).sort();
  const hash = createHash("sha256").update(JSON.stringify([version, FLAGS]));
  for (const name of names) hash.update(`\0${name}\0`).update(await readFile(join(SOURCE, name)));
  return hash.digest("hex").slice(0, 32);
}

/** Builds beside the place and renames into it, so that what is in place is whole. */
async function build(folder: string, { env, onProgress }: BuildOptions, signal: AbortSignal): Promise<void> {
  const making = `${folder}.${randomUUID()}`;
  const startedAt = Date.now();
  let packages = 0;
  const tell = (): void =>
    onProgress(`building the control plane, once, about five minutes: ${packages} packages compiled, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  tell();
  const telling = setInterval(tell, PROGRESS_MS);
  try {
    await mkdir(making);
    const { code, lines } = await go(
      ["build", "-v", ...FLAGS, "-o", join(making, "control-plane"), "."],
      { ...env, CGO_ENABLED: "0" },
      signal,
      () => packages++,
    );
    if (code !== 0) throw new Error(`go build failed:\n${lines.slice(-20).join("\n")}`);
    for (const name of NAMES) await symlink("control-plane", join(making, name));
    await rename(making, folder);
  } finally {
    clearInterval(telling);
    await rm(making, { recursive: true, force: true });
  }
}

/** Runs Go in the module's folder; `code` is undefined where there is no Go. */
async function go(
  args: readonly string[],
  env: BuildOptions["env"],
  signal: AbortSignal,
  onLine?: () => void,
): Promise<{ code: number | undefined; lines: readonly string[] }> {
  const child = spawn("go", args, { cwd: SOURCE, env, stdio: ["ignore", "pipe", "pipe"], signal });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      onLine?.();
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => ("code" in error && error.code === "ENOENT" ? resolve({ code: undefined, lines }) : reject(error)));
    child.on("close", (code) => resolve({ code: code ?? 1, lines }));
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
