import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import git from "isomorphic-git";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabRepository } from "./repository.ts";

let root: string;
let repository: LabRepository;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumb-repository-"));
  repository = new LabRepository(join(root, "repo"));
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (path: string): string => join(repository.folder, path);
const user = { name: "A user", email: "user@example.com" };

async function begun(): Promise<string> {
  await repository.create();
  return repository.commit("Begin", { "a.txt": "a\n", "dir/b.txt": "b\n", "dir/c.txt": "c\n" });
}

async function tree(commit: string): Promise<Readonly<Record<string, string>>> {
  const paths = await git.listFiles({ fs, dir: repository.folder, ref: commit });
  const read = async (filepath: string): Promise<[string, string]> => [
    filepath,
    Buffer.from((await git.readBlob({ fs, dir: repository.folder, oid: commit, filepath })).blob).toString(),
  ];
  return Object.fromEntries(await Promise.all(paths.map(read)));
}

describe("LabRepository", () => {
  it("commits what is changed, added and removed, in the tree and on disk", async () => {
    expect(await repository.exists()).toBe(false);
    await begun();
    const head = await repository.commit("Change", { "a.txt": "new\n", "dir/b.txt": undefined, "x/y.txt": "y\n" });
    expect(await repository.head()).toBe(head);
    expect(await tree(head)).toEqual({ "a.txt": "new\n", "dir/c.txt": "c\n", "x/y.txt": "y\n" });
    expect([existsSync(file("dir/b.txt")), readFileSync(file("x/y.txt"), "utf8"), await repository.exists()]).toEqual([false, "y\n", true]);
  });
  it("reverts a commit with all that it changed, added and removed", async () => {
    const first = await begun();
    const bad = await repository.commit("Break it\n\nBadly.", { "a.txt": "new\n", "dir/b.txt": undefined, "x/y.txt": "y\n" });
    const reverted = await repository.revert();
    expect(await tree(reverted)).toEqual(await tree(first));
    expect([readFileSync(file("dir/b.txt"), "utf8"), existsSync(file("x/y.txt"))]).toEqual(["b\n", false]);
    const [{ commit } = { commit: { message: "", parent: [] } }] = await git.log({ fs, dir: repository.folder, depth: 1 });
    expect([commit.message, commit.parent]).toEqual([`Revert "Break it"\n\nThis reverts commit ${bad}.\n`, [bad]]);
    expect(await repository.isOnlyOurs()).toBe(true);
  });
  it("has nothing to revert at its first commit", async () => {
    await begun();
    await expect(repository.revert()).rejects.toThrow("there is no commit to revert");
  });
  it("is one that git itself finds nothing wrong with", async (context) => {
    await begun();
    await repository.commit("Change", { "dir/b.txt": undefined });
    await repository.revert();
    try {
      execFileSync("git", ["--version"], { stdio: "ignore" });
    } catch {
      console.warn("NOT RUN: git is not there to check the lab's repository");
      context.skip();
    }
    const ask = (...args: readonly string[]): string =>
      execFileSync("git", args, { cwd: repository.folder, encoding: "utf8", env: { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", HOME: root } });
    expect([ask("fsck", "--strict"), ask("status", "--porcelain"), ask("rev-list", "--count", "HEAD")]).toEqual(["", "", "3\n"]);
  });
});

describe("isOnlyOurs", () => {
  const commitAs = (author: typeof user, ref?: string): Promise<string> =>
    git.commit({ fs, dir: repository.folder, message: "Mine", author, ...(ref === undefined ? {} : { ref }) });
  it.each<[string, boolean, () => unknown]>([
    ["a folder that is not there", true, () => undefined],
    ["an empty folder", true, () => mkdirSync(repository.folder)],
    ["a repository that was only begun", true, () => repository.create()],
    ["our own commits", true, begun],
    [
      "files without a repository",
      false,
      () => {
        mkdirSync(repository.folder);
        writeFileSync(file("mine.txt"), "");
      },
    ],
    [
      "files without a commit",
      false,
      async () => {
        await repository.create();
        writeFileSync(file("mine.txt"), "");
      },
    ],
    [
      "a user's commit",
      false,
      async () => {
        await begun();
        await commitAs(user);
      },
    ],
    [
      "a user's commit below ours",
      false,
      async () => {
        await begun();
        await commitAs(user);
        await repository.commit("Ours", { "a.txt": "x" });
      },
    ],
    [
      "a user's commit on a branch that is not checked out",
      false,
      async () => {
        await begun();
        await git.branch({ fs, dir: repository.folder, ref: "mine" });
        await commitAs(user, "refs/heads/mine");
      },
    ],
    [
      "an edited file",
      false,
      async () => {
        await begun();
        writeFileSync(file("a.txt"), "edited");
      },
    ],
    [
      "a new file",
      false,
      async () => {
        await begun();
        writeFileSync(file("new.txt"), "");
      },
    ],
    [
      "a removed file",
      false,
      async () => {
        await begun();
        rmSync(file("a.txt"));
      },
    ],
    [
      "a staged file",
      false,
      async () => {
        await begun();
        writeFileSync(file("new.txt"), "");
        await git.add({ fs, dir: repository.folder, filepath: "new.txt" });
      },
    ],
  ])("takes %s for ours alone: %s", async (_, expected, make) => {
    await make();
    expect(await repository.isOnlyOurs()).toBe(expected);
  });
});
