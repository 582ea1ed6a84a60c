import { spawnSync } from "node:child_process";
import { failureOf } from "@plumb/std/testing";
import { describe, expect, it } from "vitest";
import { checkOut, type Checkout } from "./checkout.ts";
import { DEFAULT_GIT_LIMITS } from "./limits.ts";
import { subjectLine } from "./object.ts";
import { resolveRevision, type GitRequest } from "./resolve.ts";
import { hasGit, serveTestRepository, startHttpBackend, type ServedRepository } from "./testing/index.ts";

const { signal } = new AbortController();

function filesOf(checkout: Checkout): Readonly<Record<string, string>> {
  const entries = [...checkout.entries()];
  return Object.fromEntries(entries.flatMap((entry) => (entry.kind === "file" ? [[entry.path, Buffer.from(entry.read()).toString()]] : [])));
}

const servers = {
  "our server, protocol 2": undefined,
  ...(hasGit() && {
    "git http-backend, protocol 2": ({ folder }: { readonly folder: string }) => startHttpBackend(folder, { admitsVersion2: true }),
    "git http-backend, protocol 0": ({ folder }: { readonly folder: string }) => startHttpBackend(folder, { admitsVersion2: false }),
  }),
};
if (!hasGit()) console.log("NOT RUN: reading from git http-backend: git is not on the PATH");

describe.each(Object.entries(servers))("from %s", (_, serve) => {
  it("reads every form of ref as the revision that the specification gives it", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    const first = await repository.commit({ files: { "a.txt": "one" } });
    const second = await repository.commit({ files: { "a.txt": "two", "dir/b.txt": "b" } });
    const side = await repository.commit({ files: { "c.txt": "c" }, branch: "feature/x" });
    await repository.tag("v1.0.0", first);
    await repository.tag("v1.1.0", second, "annotated\n");
    await repository.tag("v1.2.0-rc.1", side);
    await repository.setRef("refs/pull/7/head", side);
    const table: readonly (readonly [GitRequest["ref"], string, Readonly<Record<string, string>>])[] = [
      [{ branch: "main" }, `main@sha1:${second}`, { "a.txt": "two", "dir/b.txt": "b" }],
      [{ branch: "feature/x" }, `feature/x@sha1:${side}`, { "c.txt": "c" }],
      [{ tag: "v1.0.0" }, `v1.0.0@sha1:${first}`, { "a.txt": "one" }],
      [{ tag: "v1.1.0" }, `v1.1.0@sha1:${second}`, { "a.txt": "two", "dir/b.txt": "b" }],
      [{ semver: ">=1.0.0" }, `v1.1.0@sha1:${second}`, { "a.txt": "two", "dir/b.txt": "b" }],
      [{ semver: "1.2.x-0" }, `v1.2.0-rc.1@sha1:${side}`, { "c.txt": "c" }],
      [{ name: "refs/pull/7/head" }, `refs/pull/7/head@sha1:${side}`, { "c.txt": "c" }],
      [{ name: "refs/tags/v1.1.0" }, `refs/tags/v1.1.0@sha1:${second}`, { "a.txt": "two", "dir/b.txt": "b" }],
      [{ commit: first }, `sha1:${first}`, { "a.txt": "one" }],
      [{ commit: second }, `sha1:${second}`, { "a.txt": "two", "dir/b.txt": "b" }],
      [{ branch: "main", commit: first }, `main@sha1:${first}`, { "a.txt": "one" }],
      [{ commit: first, name: "refs/pull/7/head", tag: "v1.1.0", semver: "*", branch: "main" }, `refs/pull/7/head@sha1:${first}`, { "a.txt": "one" }],
      [{ name: "refs/pull/7/head", tag: "v1.1.0", semver: "*", branch: "main" }, `refs/pull/7/head@sha1:${side}`, { "c.txt": "c" }],
      [{ tag: "v1.0.0", semver: ">=1.1.0", branch: "main" }, `v1.0.0@sha1:${first}`, { "a.txt": "one" }],
      [{ semver: "1.0.x", branch: "main" }, `v1.0.0@sha1:${first}`, { "a.txt": "one" }],
    ];
    for (const [ref, revision, files] of table) {
      const checkout = await checkOut(http, { url, ref }, undefined, signal);
      expect({ revision: checkout.revision, files: filesOf(checkout) }).toEqual({ revision, files });
    }
  });

  it("knows by one listing that nothing has moved, on the connection of the run before", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http, sent } = served;
    await repository.commit({ files: { "a.txt": "one" } });
    const first = await resolveRevision(http, { url, ref: { branch: "main" } }, signal);
    const before = sent.length;
    const discovery = first.discovery;
    const second = await resolveRevision(http, { url, ref: { branch: "main" }, ...(discovery !== undefined && { discovery }) }, signal);
    expect(second.revision).toBe(first.revision);
    expect(sent.slice(before)).toHaveLength(1);
  });

  it("names what is not there as Flux does", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    const empty = await failureOf(checkOut(http, { url, ref: { branch: "main" } }, undefined, signal));
    expect([empty.kind, empty.message]).toEqual(["missing", "git repository is empty"]);
    const hash = await repository.commit({ files: { "a.txt": "one" } });
    const absent = "1".repeat(40);
    const table: readonly (readonly [GitRequest["ref"], string])[] = [
      [{ branch: "absent" }, `unable to clone '${url}': couldn't find remote ref "refs/heads/absent"`],
      [undefined, `unable to clone '${url}': couldn't find remote ref "refs/heads/master"`],
      [{ tag: "v9" }, `unable to clone '${url}': couldn't find remote ref "refs/tags/v9"`],
      [{ semver: ">=1.0.0" }, "no match found for semver: >=1.0.0"],
      [{ name: "refs/pull/1/head" }, "unable to resolve ref 'refs/pull/1/head' to a specific commit"],
      [{ commit: absent }, `unable to resolve commit object for '${absent}': object not found`],
      [{ branch: "absent", commit: hash }, `unable to clone '${url}': couldn't find remote ref "refs/heads/absent"`],
    ];
    for (const [ref, message] of table) {
      const failure = await failureOf(checkOut(http, { url, ref }, undefined, signal));
      expect([failure.kind, failure.message]).toEqual(["missing", message]);
    }
    const elsewhere = await failureOf(checkOut(http, { url: url.replace("repository.git", "absent.git"), ref: { branch: "main" } }, undefined, signal));
    expect([elsewhere.kind, elsewhere.message]).toEqual(["missing", `unable to clone '${url.replace("repository.git", "absent.git")}': repository not found`]);
  });

  it("does not take a commit that no branch leads to, since hosts hand out those of forks", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    const base = await repository.commit({ files: { "a.txt": "one" } });
    const tree = await repository.writeTree({ "evil.txt": "x" });
    const stray = await repository.writeCommit(tree, { message: "stray", parents: [base] });
    await repository.setRef("refs/pull/1/head", stray);
    const failure = await failureOf(checkOut(http, { url, ref: { commit: stray } }, undefined, signal));
    expect(failure.message).toBe(`unable to resolve commit object for '${stray}': object not found`);
  });

  it("walks in the order of names, with modes, without links", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    await repository.commit({
      message: "Subject that is longer than fifty characters, so it is cut\n\nBody\n",
      files: {
        "a/z": "",
        "a.b": "",
        "a-b": "",
        "a/y/x": "",
        "run.sh": { content: "#!", mode: "100755" },
        link: { content: "a.b", mode: "120000" },
      },
    });
    const checkout = await checkOut(http, { url, ref: { branch: "main" } }, undefined, signal);
    const entries = [...checkout.entries()].map((entry) => (entry.kind === "file" ? `${entry.path} ${entry.mode.toString(8)}` : `${entry.path}/`));
    expect(entries).toEqual(["a/", "a/y/", "a/y/x 644", "a/z 644", "a-b 644", "a.b 644", "run.sh 755"]);
    expect(checkout.commit.author).toEqual({ name: "Ann Author", email: "ann@example.com", whenSeconds: 1_700_000_000 });
    expect(subjectLine(checkout.commit.message)).toBe("Subject that is longer than fifty characters, so i...");
  });

  it("puts deltas together, in a tip and in a history", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    const lines = Array.from({ length: 400 }, (_, line) => `line ${line} ${"x".repeat(line % 40)}`);
    const files = (round: number): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Array.from({ length: 30 }, (_, file) => [`f${file}.txt`, [...lines.slice(0, file), `${round} ${file}`, ...lines.slice(file)].join("\n")]),
      );
    const hashes: string[] = [];
    for (let round = 0; round < 8; round++) hashes.push(await repository.commit({ files: files(round) }));
    if (hasGit()) spawnSync("git", ["-C", repository.folder, "gc", "-q", "--aggressive"]);
    expect(filesOf(await checkOut(http, { url, ref: { branch: "main" } }, undefined, signal))).toEqual(files(7));
    for (const round of [0, 3]) {
      const commit = hashes[round] ?? "";
      expect(filesOf(await checkOut(http, { url, ref: { commit } }, undefined, signal))).toEqual(files(round));
    }
  });

  it("takes of equal versions the one that was committed last", async () => {
    await using served = await serveTestRepository(serve);
    const { repository, url, http } = served;
    const newer = await repository.commit({ files: { a: "1" }, whenSeconds: 2_000_000_000 });
    const older = await repository.commit({ files: { a: "2" }, whenSeconds: 1_000_000_000 });
    await repository.tag("v1.0.0+a", newer);
    await repository.tag("v1.0.0+b", older, "annotated");
    const { revision } = await resolveRevision(http, { url, ref: { semver: "1.0.0" } }, signal);
    expect(revision).toBe(`v1.0.0+a@sha1:${newer}`);
  });

  it("refuses what is too large, naming it, and only where it is asked for", async () => {
    await using served: ServedRepository = await serveTestRepository(serve);
    const { repository, url, http } = served;
    await repository.commit({ files: { "small.txt": "small", "video.bin": Buffer.alloc(2_000_000, 7) } });
    const limits = { ...DEFAULT_GIT_LIMITS, objectBytes: 1_000_000 };
    const checkout = await checkOut(http, { url, ref: { branch: "main" }, limits }, undefined, signal);
    const files = new Map([...checkout.entries()].flatMap((entry) => (entry.kind === "file" ? [[entry.path, entry]] : [])));
    expect(Buffer.from(files.get("small.txt")?.read() ?? []).toString()).toBe("small");
    expect(() => files.get("video.bin")?.read()).toThrow("the file 'video.bin' has more than the limit of 1000000 bytes");
    const tight = await failureOf(checkOut(http, { url, ref: { branch: "main" }, limits: { ...limits, packBytes: 1000 } }, undefined, signal));
    expect([tight.kind, tight.message]).toEqual(["invalid", `unable to clone '${url}': the repository's pack has more than the limit of 1000 bytes`]);
    const few = await failureOf(checkOut(http, { url, ref: { branch: "main" }, limits: { ...limits, objects: 2 } }, undefined, signal));
    expect(few.message).toBe(`unable to clone '${url}': the repository has 4 objects, more than the limit of 2`);
    const bomb = await failureOf(checkOut(http, { url, ref: { branch: "main" }, limits: { ...limits, inflatedBytes: 1000 } }, undefined, signal));
    expect(bomb.message).toBe(`unable to clone '${url}': the repository unpacks to more than the limit of 1000 bytes`);
  });
});
