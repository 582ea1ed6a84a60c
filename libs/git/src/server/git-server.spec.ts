import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTestRepository, hasGit, type TestRepository } from "../testing/index.ts";
import { startGitServer, type GitServer } from "./git-server.ts";
import { RefFolder } from "./ref-folder.ts";
import { watchRefs, type RefChange } from "./watch-refs.ts";

const run = promisify(execFile);
const isHere = hasGit();
if (!isHere) console.log("NOT RUN: the Git server under the real git: git is not on the PATH");

/** Settings of the machine must not decide a test. */
const env = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: "2",
  GIT_CONFIG_KEY_0: "user.name",
  GIT_CONFIG_VALUE_0: "Ann",
  GIT_CONFIG_KEY_1: "user.email",
  GIT_CONFIG_VALUE_1: "ann@example.com",
};

describe.skipIf(!isHere)("the Git server, asked by the real git", () => {
  let repository: TestRepository;
  let server: GitServer;
  let folder: string;
  let url: string;

  beforeEach(async () => {
    repository = await createTestRepository();
    folder = await mkdtemp(join(tmpdir(), "plumb-git-client-"));
    server = await startGitServer({ repositories: { "/r.git": repository.folder }, host: "127.0.0.1", port: 0 });
    url = `${server.url}/r.git`;
  });
  afterEach(async () => {
    await server.close();
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function git(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run("git", ["-C", folder, ...args], { env });
    return stdout + stderr;
  }
  async function write(name: string, text: string): Promise<void> {
    await writeFile(join(folder, "w", name), text);
    await git("-C", "w", "add", "-A");
    await git("-C", "w", "commit", "-qm", `write ${name}`);
  }

  it.each(["2", "0"])("clones, whole and shallow, deepens and fetches, by protocol %s", async (version) => {
    for (let round = 0; round < 5; round++) await repository.commit({ files: { "a.txt": `${round}`, "dir/b.txt": `${round % 2}` } });
    const protocol = ["-c", `protocol.version=${version}`];
    await git(...protocol, "clone", "-q", url, "w");
    expect(await git("-C", "w", "rev-list", "--count", "HEAD")).toBe("5\n");
    await git(...protocol, "clone", "-q", "--depth", "1", url, "s");
    expect(await git("-C", "s", "rev-list", "--count", "HEAD")).toBe("1\n");
    expect(await readFile(join(folder, "s", "dir", "b.txt"), "utf8")).toBe("0");
    await repository.commit({ files: { "a.txt": "new" } });
    await git("-C", "w", ...protocol, "pull", "-q");
    await git("-C", "s", ...protocol, "fetch", "-q", "--depth", "3");
    expect(await git("-C", "s", "rev-list", "--count", "origin/main")).toBe("3\n");
    await git("-C", "s", ...protocol, "fetch", "-q", "--unshallow");
    expect(await git("-C", "s", "rev-list", "--count", "origin/main")).toBe("6\n");
    for (const clone of ["w", "s"]) expect(await git("-C", clone, "fsck", "--strict")).not.toMatch(/error|missing|broken/);
    expect(await readFile(join(folder, "w", "a.txt"), "utf8")).toBe("new");
  });

  it("clones an empty repository with the branch that its HEAD names", async () => {
    await git("clone", "-q", url, "w");
    expect(await git("-C", "w", "symbolic-ref", "HEAD")).toBe("refs/heads/main\n");
  });

  it("takes pushes of commits, tags, branches and their removal, and is sound afterwards", async () => {
    await repository.commit({ files: { "a.txt": "one" } });
    await git("clone", "-q", url, "w");
    await write("b.txt", "two".repeat(1000));
    await git("-C", "w", "tag", "-a", "v1", "-m", "one");
    await git("-C", "w", "push", "-q", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/side", "v1");
    const head = (await git("-C", "w", "rev-parse", "HEAD")).trim();
    expect(await repository.refs.resolve("refs/heads/main")).toBe(head);
    expect([...(await repository.refs.all()).keys()]).toEqual(["refs/heads/main", "refs/heads/side", "refs/tags/v1"]);
    await git("-C", "w", "push", "-q", "origin", ":refs/heads/side");
    expect([...(await repository.refs.all()).keys()]).toEqual(["refs/heads/main", "refs/tags/v1"]);
    expect(await git("-C", repository.folder, "fsck", "--strict")).not.toMatch(/error|missing|broken/);
  });

  it("goes on after git gc has packed the folder: clone, push, fetch, and remove a packed ref", async () => {
    for (let round = 0; round < 4; round++) await repository.commit({ files: { "a.txt": "line\n".repeat(300) + round } });
    await repository.tag("v1", (await repository.refs.resolve("refs/heads/main")) ?? "", "one");
    await git("clone", "-q", url, "w");
    await git("-C", repository.folder, "gc", "-q", "--prune=now");
    expect(await readdir(join(repository.folder, "refs", "heads"))).toEqual([]);
    await git("clone", "-q", url, "after");
    await write("b.txt", "two");
    await git("-C", "w", "push", "-q", "origin", "HEAD:main");
    await git("-C", repository.folder, "gc", "-q", "--prune=now");
    await git("-C", "after", "pull", "-q");
    expect(await readFile(join(folder, "after", "b.txt"), "utf8")).toBe("two");
    await git("-C", "w", "push", "-q", "origin", ":refs/tags/v1");
    expect([...(await repository.refs.all()).keys()]).toEqual(["refs/heads/main"]);
    expect(await git("-C", repository.folder, "fsck", "--strict")).not.toMatch(/error|missing|broken/);
  });

  it("refuses a push that would leave the checked-out folder behind, and one that is out of date", async () => {
    await git("init", "-q", "-b", "main", "checked");
    await writeFile(join(folder, "checked", "a.txt"), "one");
    await git("-C", "checked", "add", "-A");
    await git("-C", "checked", "commit", "-qm", "one");
    const other = await startGitServer({ repositories: { "/c.git": join(folder, "checked") }, host: "127.0.0.1", port: 0 });
    try {
      await git("clone", "-q", `${other.url}/c.git`, "w");
      await write("b.txt", "two");
      await expect(git("-C", "w", "push", "origin", "HEAD:main")).rejects.toThrow("refusing to update checked out branch");
      await git("-C", "w", "push", "-q", "origin", "HEAD:side");
      await git("-C", "w", "reset", "-q", "--hard", "HEAD~1");
      await write("c.txt", "three");
      await expect(git("-C", "w", "push", "origin", "HEAD:side")).rejects.toThrow("rejected");
    } finally {
      await other.close();
    }
  });

  it("lets in only whom it is told to", async () => {
    await repository.commit({ files: { "a.txt": "one" } });
    const isAllowed = (authorization: string | undefined): boolean => authorization === `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
    const guarded = await startGitServer({ repositories: { "/r.git": repository.folder }, host: "127.0.0.1", port: 0, isAllowed });
    try {
      await expect(git("clone", "-q", `${guarded.url}/r.git`, "w")).rejects.toThrow();
      await git("clone", "-q", `http://ann:s3cret@127.0.0.1:${guarded.port}/r.git`, "w");
    } finally {
      await guarded.close();
    }
  });

  it("misses no ref while Git moves it into packed-refs", async () => {
    const hash = await repository.commit({ files: { "a.txt": "one" } });
    const refs = new RefFolder(repository.folder);
    for (let round = 0; round < 40; round++) {
      await repository.setRef("refs/heads/main", hash);
      let isPacking = true;
      const packing = run("git", ["pack-refs", "--all"], { cwd: repository.folder, env }).finally(() => (isPacking = false));
      while (isPacking) expect([...(await refs.all()).keys()]).toEqual(["refs/heads/main"]);
      await packing;
    }
  });

  it("tells of a commit made in the folder", async () => {
    const changes: RefChange[] = [];
    const stop = new AbortController();
    await watchRefs({ folder: repository.folder, clock: systemClock, everyMs: 20, onChange: (more) => changes.push(...more), signal: stop.signal });
    const hash = await repository.commit({ files: { "a.txt": "one" } });
    await vi.waitFor(() => expect(changes).toEqual([{ name: "refs/heads/main", from: undefined, to: hash }]), { timeout: 60_000 });
    await repository.setRef("refs/heads/main", undefined);
    await vi.waitFor(() => expect(changes.slice(1)).toEqual([{ name: "refs/heads/main", from: hash, to: undefined }]), { timeout: 60_000 });
    stop.abort();
  });
});

describe("the Git server", () => {
  it("answers nothing for a path that it does not serve, or a service that there is not", async () => {
    const repository = await createTestRepository();
    const server = await startGitServer({ repositories: { "/r.git": repository.folder }, host: "127.0.0.1", port: 0 });
    const status = async (path: string, method = "GET"): Promise<number> => (await fetch(`${server.url}${path}`, { method })).status;
    expect(await status("/other.git/info/refs?service=git-upload-pack")).toBe(404);
    expect(await status("/r.git/info/refs?service=git-receive-everything")).toBe(404);
    expect(await status("/r.git/objects/info/packs")).toBe(404);
    expect(await status("/r.git/../r.git/HEAD")).toBe(404);
    expect(await status("/r.git/git-upload-pack")).toBe(405);
    await server.close();
    await repository.remove();
  });
});
