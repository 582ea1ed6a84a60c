import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import git from "isomorphic-git";

const BRANCH = "main";
const AUTHOR = { name: "Plumb lab", email: "lab@plumb.dev" };

/** Who commits into the lab's repository where Git does not know who is at the keyboard, and would refuse. */
export const SOMEBODY = { name: "You", email: "you@localhost" };

/** Files by path; undefined removes one. */
export type FileChanges = Readonly<Record<string, string | undefined>>;

/** The lab's own repository: a folder with a work tree that a user may edit and commit into too. */
export class LabRepository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** True when the folder holds a repository with a commit. */
  async exists(): Promise<boolean> {
    return (await git.resolveRef({ fs, dir: this.folder, ref: "HEAD" }).catch(() => undefined)) !== undefined;
  }

  /** True when there is no commit by anybody else on any branch or tag, nor a change that is not committed. */
  async isOnlyOurs(): Promise<boolean> {
    if (!fs.existsSync(this.folder)) return true;
    if (!(await this.exists())) return fs.readdirSync(this.folder).every((name) => name === ".git");
    const { folder: dir } = this;
    const refs = ["HEAD", ...(await git.listBranches({ fs, dir })), ...(await git.listTags({ fs, dir }))];
    for (const ref of refs) {
      const commits = await git.log({ fs, dir, ref });
      if (commits.some(({ commit }) => commit.author.email !== AUTHOR.email)) return false;
    }
    if (fs.existsSync(join(dir, ".git", "refs", "stash"))) return false;
    const rows = await git.statusMatrix({ fs, dir: this.folder });
    return rows.every(([, head, workdir, stage]) => head === 1 && workdir === 1 && stage === 1);
  }

  /**
   * A file that is changed, added or removed and not committed.
   *
   * @param paths files of which Git was never told count where they are one of these
   */
  async uncommitted(paths: readonly string[]): Promise<string | undefined> {
    const rows = await git.statusMatrix({ fs, dir: this.folder });
    const counts = ([path, head, , stage]: (typeof rows)[number]): boolean => head === 1 || stage !== 0 || paths.includes(path);
    return rows.find((row) => counts(row) && (row[2] !== 1 || row[3] !== 1))?.[0];
  }

  /** The text of a file as it was committed last; undefined where there is none. */
  async read(path: string): Promise<string | undefined> {
    return this.#textAt(await this.head(), path);
  }

  /** @param user who commits by hand in it, unless Git knows that already */
  async create(user?: { readonly name: string; readonly email: string }): Promise<void> {
    const { folder: dir } = this;
    mkdirSync(dir, { recursive: true });
    await git.init({ fs, dir, defaultBranch: BRANCH });
    for (const [key, value] of Object.entries(user ?? {})) await git.setConfig({ fs, dir, path: `user.${key}`, value });
  }

  /** Commits the changes; resolves to the commit's id. */
  async commit(message: string, changes: FileChanges): Promise<string> {
    for (const [path, text] of Object.entries(changes)) await this.#stage(path, text);
    return git.commit({ fs, dir: this.folder, message, author: AUTHOR });
  }

  /** Commits the opposite of the last commit, as `git revert HEAD` does. */
  async revert(): Promise<string> {
    const [last, before] = await git.log({ fs, dir: this.folder, ref: "HEAD", depth: 2 });
    if (last === undefined || before === undefined) throw new Error("there is no commit to revert");
    const paths = await this.#changedPaths(before.oid, last.oid);
    const changes = await Promise.all(paths.map(async (path) => [path, await this.#textAt(before.oid, path)] as const));
    const [subject = ""] = last.commit.message.split("\n");
    return this.commit(`Revert "${subject}"\n\nThis reverts commit ${last.oid}.\n`, Object.fromEntries(changes));
  }

  head(): Promise<string> {
    return git.resolveRef({ fs, dir: this.folder, ref: "HEAD" });
  }

  async #stage(path: string, text: string | undefined): Promise<void> {
    const file = join(this.folder, path);
    if (text === undefined) {
      rmSync(file, { force: true });
      await git.remove({ fs, dir: this.folder, filepath: path });
      return;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    await git.add({ fs, dir: this.folder, filepath: path });
  }

  async #changedPaths(from: string, to: string): Promise<readonly string[]> {
    const changed: string[] = [];
    await git.walk({
      fs,
      dir: this.folder,
      trees: [git.TREE({ ref: from }), git.TREE({ ref: to })],
      map: async (path, [a, b]) => {
        const [before, after] = [await a?.oid(), await b?.oid()];
        if (before === after) return null;
        if ((await (a ?? b)?.type()) === "blob") changed.push(path);
        return path;
      },
    });
    return changed;
  }

  async #textAt(commit: string, path: string): Promise<string | undefined> {
    const found = await git.readBlob({ fs, dir: this.folder, oid: commit, filepath: path }).catch(() => undefined);
    return found === undefined ? undefined : Buffer.from(found.blob).toString();
  }
}
