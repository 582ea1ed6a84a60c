import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../control-plane/src/build-lock.ts";
import { MODULES, RELEASES, type Release } from "./releases.ts";

/** A folder that holds the three controllers by name and their definitions in `definitions/`, or why there is none. */
export type Peers = { readonly kind: "found"; readonly folder: string } | { readonly kind: "absent"; readonly reason: string };

export interface BuildOptions {
  /** `XDG_CACHE_HOME` moves the cache; Go reads its own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what is going on when it takes long: lines for a person. */
  readonly onProgress: (line: string) => void;
}

const FLAGS = ["-buildvcs=false", "-trimpath", "-ldflags", "-s -w"];
const MANY_BYTES = 64 * 1024 * 1024;
const run = promisify(execFile);

/**
 * Finds the controllers of Flux, and builds them from Go modules where they are not in the cache yet: about ten minutes,
 * once a machine.
 *
 * @throws {Error} when a module is not the one that was released, or with the compiler's words when the build fails
 */
export async function findPeers(options: BuildOptions, signal: AbortSignal): Promise<Peers> {
  const version = await run("go", ["env", "GOVERSION", "GOOS", "GOARCH"], { env: options.env }).catch(() => undefined);
  if (version === undefined) return { kind: "absent", reason: "Go is not on the PATH" };
  const cache = join(options.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "plumb", "peers");
  const hash = createHash("sha256").update(JSON.stringify([RELEASES, FLAGS, version.stdout]));
  const folder = join(cache, hash.digest("hex").slice(0, 32));
  if (await exists(folder)) return { kind: "found", folder };
  await mkdir(cache, { recursive: true });
  const onWait = (): void => options.onProgress("waiting for another process that builds the peers");
  await withLock(`${folder}.lock`, onWait, signal, async () => {
    if (!(await exists(folder))) await build(folder, options, signal);
  });
  return { kind: "found", folder };
}

/** Builds beside the place and renames into it, so that what is in place is whole. */
async function build(folder: string, options: BuildOptions, signal: AbortSignal): Promise<void> {
  const making = `${folder}.${randomUUID()}`;
  try {
    await mkdir(join(making, "definitions"), { recursive: true });
    for (const [name, release] of Object.entries(RELEASES)) {
      options.onProgress(`building ${name} ${release.version} of Flux, once, about three minutes`);
      const source = join(making, "source");
      await fetchSource(source, name, release, options, signal);
      await go(["build", ...FLAGS, "-o", join(making, name), "."], source, options, signal);
      await copyFolder(join(source, "config/crd/bases"), join(making, "definitions"));
      await rm(source, { recursive: true });
    }
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** The controller's module with its API where it looks for it. */
async function fetchSource(folder: string, name: string, { version, sums }: Release, options: BuildOptions, signal: AbortSignal): Promise<void> {
  for (const [index, path] of [name, `${name}/api`].entries()) {
    const module = `${MODULES}/${path}@${version}`;
    const { Dir: from, Sum: sum } = JSON.parse(await go(["mod", "download", "-json", module], homedir(), options, signal));
    if (sum !== sums[index]) throw new Error(`${module} is ${sum}, not ${sums[index]}`);
    await copyFolder(String(from), index === 0 ? folder : join(folder, "api"));
  }
}

/** Copies files, not their modes: what lies in the module cache cannot be written. */
async function copyFolder(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = join(to, path.slice(from.length));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await readFile(path));
  }
}

async function go(args: readonly string[], cwd: string, { env }: BuildOptions, signal: AbortSignal): Promise<string> {
  const { stdout } = await run("go", args, { cwd, env: { ...env, CGO_ENABLED: "0", GOWORK: "off" }, signal, maxBuffer: MANY_BYTES });
  return stdout;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
