import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compareText, ToolkitError } from "@plumb/std";
import { isHash } from "../object.ts";
import { isRefName } from "../ref.ts";

export const NO_HASH: string = "0".repeat(40);

/** Symbolic refs that lead to one another before Git gives up. */
const MAX_SYMBOLIC = 5;

/** The refs of a local repository: files below `refs`, and the lines of `packed-refs` that no file stands for. */
export class RefFolder {
  readonly #folder: string;

  constructor(gitFolder: string) {
    this.#folder = gitFolder;
  }

  /** Hashes by the name of the ref, sorted by name, without HEAD. */
  async all(): Promise<ReadonlyMap<string, string>> {
    const loose = await this.#loose("refs");
    // why: Git packs a ref before it removes its file, so that the other way round it could be in neither
    const refs = new Map(await this.#packed());
    for (const name of loose) {
      const hash = await this.resolve(name);
      if (hash !== undefined) refs.set(name, hash);
    }
    return new Map([...refs].sort(([a], [b]) => compareText(a, b)));
  }

  /** The hash that a ref or HEAD leads to; undefined when there is none. */
  async resolve(name: string): Promise<string | undefined> {
    for (let at = name, steps = 0; steps < MAX_SYMBOLIC; steps++) {
      const text = await this.#read(at);
      if (text === undefined) return (await this.#packed()).get(at);
      const target = /^ref: (.+)$/.exec(text)?.[1];
      if (target === undefined) return isHash(text) ? text : undefined;
      at = target;
    }
    return undefined;
  }

  /** The ref that HEAD names; undefined when it is detached. */
  async head(): Promise<string | undefined> {
    return /^ref: (.+)$/.exec((await this.#read("HEAD")) ?? "")?.[1];
  }

  /**
   * Sets a ref, or removes it with `NO_HASH`, provided that it is at `from` now.
   *
   * @throws {ToolkitError} `conflict` when it is elsewhere or somebody else is changing it, `invalid` for its name
   */
  async update(name: string, from: string, to: string): Promise<void> {
    if (!name.startsWith("refs/") || !isRefName(name)) throw new ToolkitError("invalid", "funny refname");
    const path = join(this.#folder, name);
    await mkdir(dirname(path), { recursive: true }).catch(() => undefined);
    const lock = await open(`${path}.lock`, "wx").catch((cause: unknown) => {
      throw new ToolkitError("conflict", "failed to lock", { cause });
    });
    try {
      await lock.writeFile(`${to}\n`);
      await lock.close();
      if (((await this.resolve(name)) ?? NO_HASH) !== from) throw new ToolkitError("conflict", "failed to update ref: it has moved");
      if (to === NO_HASH) await this.#remove(name);
      else
        await rename(`${path}.lock`, path).catch((cause: unknown) => {
          throw new ToolkitError("conflict", "failed to write: its name is a folder of others", { cause });
        });
    } finally {
      await rm(`${path}.lock`, { force: true });
    }
  }

  async #remove(name: string): Promise<void> {
    const path = join(this.#folder, "packed-refs");
    const lines = (await readFile(path, "utf8").catch(() => "")).split("\n");
    const at = lines.findIndex((line) => line.endsWith(` ${name}`));
    if (at !== -1) {
      const isPeeled = lines[at + 1]?.startsWith("^") === true;
      await writeFile(`${path}.new`, lines.toSpliced(at, isPeeled ? 2 : 1).join("\n"));
      await rename(`${path}.new`, path);
    }
    await rm(join(this.#folder, name), { force: true });
  }

  async #read(name: string): Promise<string | undefined> {
    return (await readFile(join(this.#folder, name), "utf8").catch(() => undefined))?.trim();
  }

  async #packed(): Promise<ReadonlyMap<string, string>> {
    const text = (await this.#read("packed-refs")) ?? "";
    const found = [...text.matchAll(/^([0-9a-f]{40}) (\S+)$/gm)];
    return new Map(found.map(([, hash = "", name = ""]) => [name, hash]));
  }

  async #loose(folder: string): Promise<readonly string[]> {
    const entries = await readdir(join(this.#folder, folder), { withFileTypes: true }).catch(() => []);
    const found = await Promise.all(entries.map((entry) => (entry.isDirectory() ? this.#loose(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`])));
    return found.flat().filter(isRefName);
  }
}
