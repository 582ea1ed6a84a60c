import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { ToolkitError } from "@plumb/std";
import type { GitLimits } from "../limits.ts";
import { isHash, type GitObject } from "../object.ts";
import { readPack, type PackedObjects } from "../pack.ts";

/** Local repositories are their owner's own: limits only keep this process alive. */
export const LOCAL_LIMITS: GitLimits = {
  packBytes: 2 ** 31,
  objects: 5_000_000,
  objectBytes: 2 ** 30,
  inflatedBytes: 2 ** 36,
  refs: 1_000_000,
  entries: 5_000_000,
};

/**
 * The objects of a local repository, loose and packed. Packs are read whole when first needed; what `git gc` does to the
 * folder meanwhile is noticed when an object is not where it was.
 */
export class ObjectFolder {
  readonly #folder: string;
  /** By file name, which Git derives from the content. */
  #packs: ReadonlyMap<string, PackedObjects> = new Map();

  constructor(gitFolder: string) {
    this.#folder = join(gitFolder, "objects");
  }

  /** undefined when there is no such object. */
  async read(hash: string): Promise<GitObject | undefined> {
    if (!isHash(hash)) return undefined;
    const found = (await this.#readLoose(hash)) ?? this.#readPacked(hash);
    if (found !== undefined) return found;
    await this.#loadPacks();
    return this.#readPacked(hash) ?? this.#readLoose(hash);
  }

  async has(hash: string): Promise<boolean> {
    return (await this.read(hash)) !== undefined;
  }

  /** Writes one object; nobody sees it half written. */
  async write({ type, bytes }: GitObject): Promise<string> {
    const stored = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
    const hash = createHash("sha1").update(stored).digest("hex");
    const folder = join(this.#folder, hash.slice(0, 2));
    const path = join(folder, hash.slice(2));
    if (await exists(path)) return hash;
    await mkdir(folder, { recursive: true });
    const temporary = join(folder, `tmp_obj_${randomBytes(6).toString("hex")}`);
    await writeFile(temporary, deflateSync(stored), { mode: 0o444 });
    await rename(temporary, path);
    return hash;
  }

  async #readLoose(hash: string): Promise<GitObject | undefined> {
    const stored = await readFile(join(this.#folder, hash.slice(0, 2), hash.slice(2))).catch(() => undefined);
    if (stored === undefined) return undefined;
    const inflated = inflateSync(stored);
    const end = inflated.indexOf(0);
    const [type] = inflated.toString("latin1", 0, end).split(" ");
    if (type !== "commit" && type !== "tree" && type !== "blob" && type !== "tag") throw new ToolkitError("corrupt", `object ${hash} is of an unknown type`);
    return { type, bytes: inflated.subarray(end + 1) };
  }

  #readPacked(hash: string): GitObject | undefined {
    for (const pack of this.#packs.values()) {
      const found = pack.read(hash);
      if (found !== undefined && found !== "oversized") return found;
    }
    return undefined;
  }

  async #loadPacks(): Promise<void> {
    const folder = join(this.#folder, "pack");
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".pack"));
    const packs = new Map<string, PackedObjects>();
    for (const name of names) {
      const pack = this.#packs.get(name) ?? (await readPack(await readFile(join(folder, name)), LOCAL_LIMITS));
      packs.set(name, pack);
    }
    this.#packs = packs;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
