import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIT_REPOSITORY, type Artifact, type Condition, type GitRepository, type GitRepositorySpec, type LiveObject } from "@plumb/api";
import { fieldsToldUnsupported } from "@plumb/api/testing";
import { ArtifactStore, DEFAULT_UNPACK_LIMITS, readArchive, unpackToMemory } from "@plumb/archive";
import { Folder } from "@plumb/files";
import { startGitServer } from "@plumb/git/server";
import { serveTestRepository, type ServedRepository } from "@plumb/git/testing";
import { startTestServer } from "@plumb/http/testing";
import { reconcileOnce, removeOnce, standardConditions, statusPatch, type Report } from "@plumb/runtime";
import { isObject, systemClock, ToolkitError, type JsonObject } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GitClients } from "./clients.ts";
import { gitRepositoryReconciler, type GitRepositoryOptions, type GitRepositoryReconciler } from "./kind.ts";
import { packGitRepository } from "./pack-job.ts";

const { signal } = new AbortController();
const NOW_MS = Date.parse("2026-01-02T03:04:05.678Z");

let served: ServedRepository;
let folder: Folder;
let secrets: Record<string, Readonly<Record<string, string>>>;
let packs: number;
let object: GitRepository;

beforeEach(async () => {
  served = await serveTestRepository();
  folder = await Folder.open(await mkdtemp(join(tmpdir(), "plumb-source-")));
  secrets = {};
  packs = 0;
  object = {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "app", namespace: "team", uid: "u", resourceVersion: "1", generation: 1 },
    spec: { url: served.url, interval: "1m", ref: { branch: "main" } },
  };
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
  await rm(folder.root, { recursive: true, force: true });
});

function reconciler(host = "source.example", pack: GitRepositoryOptions["pack"] = (job) => packGitRepository(structuredClone(job))): GitRepositoryReconciler {
  const get = async ({ name }: { readonly name: string }): Promise<LiveObject | undefined> => {
    const data = secrets[name];
    if (data === undefined) return undefined;
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
    return { apiVersion: "v1", kind: "Secret", metadata: { name, uid: name, resourceVersion: "1" }, data: encoded };
  };
  return gitRepositoryReconciler({
    client: { get },
    clients: new GitClients({}),
    discoveries: new Map(),
    store: new ArtifactStore({ folder, advertisedHost: host, clock: systemClock }),
    storagePath: folder.root,
    advertisedHost: host,
    digestAlgorithm: "sha256",
    proxyEnvironment: {},
    pack: (job, options) => {
      packs += 1;
      return pack(job, options);
    },
  });
}

/** One run, whose report is stored as the runtime stores it. */
async function run(spec: Partial<GitRepositorySpec> = {}, kind = reconciler()): Promise<Report<object>> {
  const changed = JSON.stringify({ ...object.spec, ...spec }) !== JSON.stringify(object.spec);
  object = {
    ...object,
    spec: { ...object.spec, ...spec },
    metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + (changed ? 1 : 0) },
  };
  let progress: string | undefined;
  const report = await reconcileOnce(kind, object, {
    signal,
    nowMs: () => NOW_MS,
    atHost: (_, work) => work(),
    progress: (message) => void (progress = message),
    checkpoint: async () => {},
  });
  const conditions = { ...report.conditions, ...standardConditions(report.outcome, progress) };
  const observed = report.outcome.kind === "settled" ? { observedGeneration: object.metadata.generation } : {};
  const patch = statusPatch(object, { fields: { ...report.status, ...observed }, conditions }, NOW_MS) ?? {};
  const status: JsonObject = { ...(isObject(object["status"]) ? object["status"] : {}), ...patch };
  const kept = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null));
  object = { ...object, status: kept } as unknown as GitRepository; // why: the patch is made from a status of this kind
  return report;
}

function said(): readonly string[] {
  return (object.status?.conditions ?? []).map(({ type, status, reason, message }: Condition) => `${type}=${status} ${reason}: ${message}`);
}

function artifact(): Artifact {
  const found = object.status?.artifact;
  if (found === undefined) throw new Error("the status names no artifact");
  return found;
}

async function filesOf({ path }: Artifact): Promise<Readonly<Record<string, string>>> {
  const unpacked = await unpackToMemory(folder.stream(path, signal), DEFAULT_UNPACK_LIMITS, signal);
  const names = ["a.txt", "b.txt", "dir/b.txt", "dir/c.md", "image.png", ".sourceignore", "new.txt", ".gitignore"];
  return Object.fromEntries(
    names.flatMap((name) => (unpacked.stat(name)?.kind === "file" ? [[name, Buffer.from(unpacked.read(name, 1_000_000)).toString()]] : [])),
  );
}

describe("a GitRepository", () => {
  it("becomes an artifact that is in storage, named by the commit, and is told about once", async () => {
    const hash = await served.repository.commit({ files: { "a.txt": "one", "dir/b.txt": "two" }, message: "Add the application\n\nWith a body.\n" });
    const report = await run();
    const message = `stored artifact for revision 'main@sha1:${hash}'`;
    expect(report.outcome).toEqual({ kind: "settled", reason: "Succeeded", message, nextInMs: 60_000 });
    expect(said()).toEqual([`Ready=True Succeeded: ${message}`, `ArtifactInStorage=True Succeeded: ${message}`]);
    const bytes = await readFile(join(folder.root, artifact().path));
    expect(artifact()).toEqual({
      path: `gitrepository/team/app/${hash}.tar.gz`,
      url: `http://source.example/gitrepository/team/app/${hash}.tar.gz`,
      revision: `main@sha1:${hash}`,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      size: bytes.length,
      lastUpdateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await filesOf(artifact())).toEqual({ "a.txt": "one", "dir/b.txt": "two" });
    expect(report.notices).toEqual([
      {
        severity: "info",
        reason: "NewArtifact",
        message: "stored artifact for commit 'Add the application'",
        isDurable: true,
        metadata: { "source.toolkit.fluxcd.io/revision": `main@sha1:${hash}`, "source.toolkit.fluxcd.io/digest": artifact().digest },
      },
    ]);
  });

  it("that has not moved costs one request, packs nothing, changes no status and says nothing", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    const kind = reconciler();
    await run({}, kind);
    const before = object;
    const sent: string[] = [];
    const counting = await startGitServer({
      repositories: { "/repository.git": served.repository.folder },
      host: "127.0.0.1",
      port: 0,
      isAllowed: () => sent.push("request") > 0,
    });
    await run({ url: `${counting.url}/repository.git` }, kind);
    sent.length = 0;
    const report = await run({}, kind);
    expect(sent).toHaveLength(1);
    expect(packs).toBe(1);
    expect(report.notices).toEqual([]);
    expect(object.status?.artifact).toEqual(before.status?.artifact);
    await counting.close();
  });

  it("whose branch moves becomes a new artifact, and the old one goes when its time is over", async () => {
    const first = await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const old = artifact();
    const second = await served.repository.commit({ files: { "a.txt": "two" } });
    const report = await run();
    expect(artifact().revision).toBe(`main@sha1:${second}`);
    expect(report.notices.map(({ reason }) => reason)).toEqual(["NewArtifact"]);
    expect(await folder.stat(old.path)).toBeDefined();
    const third = await served.repository.commit({ files: { "a.txt": "three" } });
    const collected = await run();
    expect(collected.notices.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      "GarbageCollectionSucceeded: garbage collected 1 artifacts",
      "NewArtifact: stored artifact for commit 'A commit'",
    ]);
    expect((await folder.list("gitrepository/team/app")).map(({ name }) => name).sort()).toEqual([second, third].map((hash) => `${hash}.tar.gz`).sort());
    expect(first).not.toBe(second);
  });

  it("leaves out what the rules say, and is packed anew when they change", async () => {
    await served.repository.commit({ files: { "a.txt": "a", "image.png": "p", ".gitignore": "x", "dir/b.txt": "b", "dir/c.md": "c" } });
    await run();
    expect(await filesOf(artifact())).toEqual({ "a.txt": "a", "dir/b.txt": "b", "dir/c.md": "c" });
    const before = artifact();
    const report = await run({ ignore: "*.txt\n!/dir/b.txt\n" });
    expect(await filesOf(artifact())).toEqual({ "image.png": "p", "dir/b.txt": "b", "dir/c.md": "c" });
    expect(artifact().revision).toBe(before.revision);
    expect(object.status?.observedIgnore).toBe("*.txt\n!/dir/b.txt\n");
    expect(report.notices.map(({ reason }) => reason)).toEqual(["NewArtifact"]);
    await served.repository.commit({ files: { "a.txt": "a", ".sourceignore": "/a.txt\n", "dir/.sourceignore": "*.md\n", "dir/b.txt": "b", "dir/c.md": "c" } });
    object = { ...object, spec: { url: served.url, interval: "1m", ref: { branch: "main" } } };
    await run();
    expect(await filesOf(artifact())).toEqual({ ".sourceignore": "/a.txt\n", "dir/b.txt": "b" });
    expect(object.status).not.toHaveProperty("observedIgnore");
  });

  it("judges each path on its own: a folder that is emptied stays, and what is kept below one that is left out", async () => {
    await served.repository.commit({ files: { "docs/x.md": "x", "docs/keep/y.md": "y", "sub/a.yaml": "a", "sub/deep/b.txt": "b" } });
    await run({ ignore: "/docs\n!/docs/keep\n*.txt\n" });
    const members: string[] = [];
    for await (const { path } of readArchive(folder.stream(artifact().path, signal), DEFAULT_UNPACK_LIMITS, signal)) members.push(path);
    expect(members).toEqual(["docs/keep", "docs/keep/y.md", "sub", "sub/a.yaml", "sub/deep"]);
  });

  it("gives the same digest for the same content, whenever and by whomever it is packed", async () => {
    const files = { "a.txt": "one", "dir/b.txt": "two" };
    await served.repository.commit({ files });
    await run();
    const { digest } = artifact();
    await served.repository.commit({ files, message: "the same again" });
    await run();
    expect(artifact().digest).toBe(digest);
  });

  it("packs names of any script, in the order of their bytes", async () => {
    await served.repository.commit({ files: { "\u{1f680}.txt": "rocket", "\uff5e.txt": "wave", "\u00fcbung/a.txt": "a", "a b.txt": "b" } });
    expect((await run()).outcome.kind).toBe("settled");
  });

  const damage = {
    "was emptied": (path: string) => rm(path),
    "holds other bytes": (path: string) => writeFile(path, "something else"),
    "lost its end": (path: string) => truncate(path, 40),
  };
  it.each(Object.entries(damage))("whose storage %s is packed again", async (name, harm) => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const { digest, path } = artifact();
    await harm(join(folder.root, path));
    const report = await run({}, reconciler());
    expect(artifact().digest).toBe(digest);
    expect(await filesOf(artifact())).toEqual({ "a.txt": "one" });
    expect(report.notices.map(({ reason }) => reason)).toEqual(name === "was emptied" ? [] : ["ArtifactVerificationFailed"]);
  });

  it("no longer names an artifact that is lost while the remote is away", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    await rm(join(folder.root, artifact().path));
    await served.server.close();
    await run();
    expect(object.status).not.toHaveProperty("artifact");
    expect(said().map((line) => line.replace(/:.*/s, ""))).toEqual([
      "Reconciling=True ProgressingWithRetry",
      "Ready=False GitOperationFailed",
      "FetchFailed=True GitOperationFailed",
    ]);
  });

  it("says what it was at when it failed: an artifact, or a new generation", async () => {
    await run({ ref: { branch: "absent" } });
    expect(said()).toContain("Reconciling=True ProgressingWithRetry: building artifact");
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run({ ref: { branch: "main" } });
    await run({ ref: { branch: "gone" } });
    const { generation = 0 } = object.metadata;
    expect(said()).toContain(`Reconciling=True ProgressingWithRetry: processing object: new generation ${generation - 1} -> ${generation}`);
  });

  it("keeps its artifact while the remote is away, says why in Flux's words, and says when it is over", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const before = artifact();
    await served.server.close();
    const report = await run();
    const { url } = served;
    const message = `failed to checkout and determine revision: unable to list remote for '${url}': Get "${url}/info/refs?service=git-upload-pack": dial tcp 127.0.0.1:${served.server.port}: connect: connection refused`;
    expect(said().filter((line) => !line.startsWith("Reconciling"))).toEqual([
      `Ready=False GitOperationFailed: ${message}`,
      `ArtifactInStorage=True Succeeded: stored artifact for revision '${before.revision}'`,
      `FetchFailed=True GitOperationFailed: ${message}`,
    ]);
    expect(report.notices).toEqual([{ severity: "error", reason: "GitOperationFailed", message }]);
    expect(artifact()).toEqual(before);
    const again = await startGitServer({ repositories: { "/repository.git": served.repository.folder }, host: "127.0.0.1", port: served.server.port });
    const recovered = await run();
    expect(recovered.notices).toEqual([
      {
        severity: "info",
        reason: "Succeeded",
        message: `stored artifact for commit '${before.revision}'`,
        metadata: { "source.toolkit.fluxcd.io/revision": before.revision, "source.toolkit.fluxcd.io/digest": before.digest },
      },
    ]);
    expect(said()).toHaveLength(2);
    await again.close();
  });

  it("says which ref is missing, and that a repository is empty", async () => {
    expect((await run()).outcome).toMatchObject({ kind: "failed", reason: "EmptyGitRepository", error: { message: "git repository is empty" } });
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run({ ref: { branch: "absent" } });
    const message = `failed to checkout and determine revision: unable to clone '${served.url}': couldn't find remote ref "refs/heads/absent"`;
    expect(said()).toContain(`FetchFailed=True GitOperationFailed: ${message}`);
    expect((await run({ ref: { commit: "1".repeat(40) } })).outcome).toMatchObject({
      reason: "GitOperationFailed",
      error: { message: `failed to checkout and determine revision: unable to resolve commit object for '${"1".repeat(40)}': object not found` },
    });
  });

  it("with a file that is too large names it, and goes on where a rule leaves it out", async () => {
    const large = Buffer.alloc(101 * 1024 * 1024);
    await served.repository.commit({ files: { "a.txt": "one", "assets/video.bin": large } });
    expect((await run()).outcome).toMatchObject({
      reason: "ArchiveOperationFailed",
      error: { message: "unable to archive artifact to storage: the file 'assets/video.bin' has more than the limit of 104857600 bytes" },
    });
    await run({ ignore: "/assets\n" });
    expect(await filesOf(artifact())).toEqual({ "a.txt": "one" });
  });

  it("whose worker dies of it keeps its artifact and says so", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const before = artifact();
    await served.repository.commit({ files: { "a.txt": "two" } });
    const died = new ToolkitError("invalid", "packGitRepository needed more than 768 MiB of memory");
    const report = await run(
      {},
      reconciler("source.example", () => Promise.reject(died)),
    );
    expect(report.outcome).toMatchObject({
      reason: "ArchiveOperationFailed",
      error: { kind: "invalid", message: `unable to archive artifact to storage: ${died.message}` },
    });
    expect(artifact()).toEqual(before);
  });

  it("says that the storage cannot be written, and is whole once it can", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await writeFile(join(folder.root, "gitrepository"), "in the way");
    const { outcome } = await run();
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: "ArchiveOperationFailed",
      error: { message: expect.stringContaining("unable to archive artifact to storage: ") },
    });
    expect(outcome.kind === "failed" && outcome.error.kind).not.toBe("internal");
    await rm(join(folder.root, "gitrepository"));
    expect((await run()).outcome.kind).toBe("settled");
  });

  it("with a path that leads out keeps the last good artifact and names the path", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const before = artifact();
    const { repository } = served;
    const bad = await repository.writeCommit(await repository.writeRawTree([{ mode: "100644", name: "..", hash: await repository.writeBlob("x") }]), {
      message: "bad",
      parents: [],
    });
    await repository.setRef("refs/heads/main", bad);
    const report = await run();
    expect(artifact()).toEqual(before);
    const message = 'unable to archive artifact to storage: refused path "..": it leads out of its directory';
    expect(said()).toEqual(
      expect.arrayContaining([
        `Ready=False ArchiveOperationFailed: ${message}`,
        `StorageOperationFailed=True ArchiveOperationFailed: ${message}`,
        `ArtifactOutdated=True NewRevision: new upstream revision 'main@sha1:${bad}'`,
      ]),
    );
    expect(report.outcome).toMatchObject({ kind: "failed", error: { kind: "invalid" } });
    await repository.commit({ files: { "a.txt": "fixed" }, branch: "good" });
    await repository.setRef("refs/heads/main", await repository.refs.resolve("refs/heads/good"));
    await run();
    expect(said().map((line) => line.replace(/ .*/s, ""))).toEqual(["Ready=True", "ArtifactInStorage=True"]);
  });

  it("signs in with what its secret holds, and says what is wrong with it", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    const basic = `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
    const guarded = await startGitServer({
      repositories: { "/repository.git": served.repository.folder },
      host: "127.0.0.1",
      port: 0,
      isAllowed: (given) => given === basic || given === "Bearer t0ken",
    });
    const url = `${guarded.url}/repository.git`;
    expect((await run({ url })).outcome).toMatchObject({
      reason: "GitOperationFailed",
      error: { kind: "denied", message: `failed to checkout and determine revision: unable to clone '${url}': authentication required` },
    });
    await run({ secretRef: { name: "absent" } });
    expect(said()).toContain(
      `FetchFailed=True AuthenticationFailed: failed to get secret 'team/absent': failed to get secret 'team/absent': secrets "absent" not found`,
    );
    secrets = {
      wrong: { username: "ann", password: "guess" },
      half: { password: "x" },
      both: { username: "ann", password: "s3cret", bearerToken: "b" },
      app: { githubAppID: "1" },
      right: { username: "ann", password: "s3cret" },
      token: { bearerToken: "t0ken" },
    };
    const answers: Readonly<Record<string, string>> = {
      wrong: `GitOperationFailed: failed to checkout and determine revision: unable to clone '${url}': authentication required`,
      half: "AuthenticationFailed: failed to configure authentication options: invalid 'http' auth option: 'password' requires 'username' to be set",
      both: `GitOperationFailed: failed to checkout and determine revision: unable to clone '${url}': authentication required`,
      app: "InvalidProviderConfiguration: secretRef 'team/app' has github app data but provider is not set to github",
    };
    for (const [name, answer] of Object.entries(answers)) {
      await run({ secretRef: { name } });
      expect(said()).toContain(`FetchFailed=True ${answer}`);
    }
    for (const name of ["right", "token"]) expect((await run({ secretRef: { name } })).outcome.kind).toBe("settled");
    expect(JSON.stringify(object)).not.toMatch(/s3cret|t0ken|guess/);
    await guarded.close();
  });

  it("shows no password that is in its address", async () => {
    const url = served.url.replace("http://", "http://ann:s3cret@").replace("repository.git", "absent.git");
    const report = await run({ url });
    expect(report.outcome).toMatchObject({ kind: "failed", error: { message: expect.stringContaining("/absent.git': repository not found") } });
    expect(JSON.stringify([report.outcome, report.notices, object.status])).not.toContain("s3cret");
  });

  const unbuilt: Readonly<Record<string, readonly [Partial<GitRepositorySpec>, string]>> = {
    verify: [{ verify: { mode: "HEAD", secretRef: { name: "keys" } } }, "spec.verify"],
    include: [{ include: [{ repository: { name: "other" } }] }, "spec.include"],
    sparseCheckout: [{ sparseCheckout: ["dir"] }, "spec.sparseCheckout"],
    recurseSubmodules: [{ recurseSubmodules: true }, "spec.recurseSubmodules"],
    provider: [{ provider: "azure" }, 'spec.provider "azure"'],
    ssh: [{ url: "ssh://git@example.com/a/b" }, "spec.url with the scheme ssh"],
  };
  it.each(Object.entries(unbuilt))("that asks for %s is refused by name until it is changed", async (_, [spec, field]) => {
    const report = await run(spec);
    const message = `${field} is not supported by this version`;
    expect(report.outcome).toEqual({ kind: "stalled", reason: "FeatureNotSupported", message });
    expect(said().slice(0, 2)).toEqual([`Stalled=True FeatureNotSupported: ${message}`, `Ready=False FeatureNotSupported: ${message}`]);
  });

  it("can be asked for what is not built by no other fields than kubectl explain says are not supported", () => {
    const refused = Object.values(unbuilt).map(([, field]) => field.replace(/ .*/, ""));
    expect(fieldsToldUnsupported(GIT_REPOSITORY)).toEqual([...refused, "spec.serviceAccountName"].sort());
  });

  it("with an address that is none is stalled", async () => {
    const report = await run({ url: "http://ann:s3cret@:99999/x" });
    expect(report.outcome).toEqual({ kind: "stalled", reason: "URLInvalid", message: "failed to parse url 'http://:99999/x': it is not a URL" });
  });

  it("names the host that consumers reach after the file server has moved", async () => {
    const hash = await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    await run({}, reconciler("elsewhere.example:8080"));
    expect(artifact().url).toBe(`http://elsewhere.example:8080/gitrepository/team/app/${hash}.tar.gz`);
    expect(packs).toBe(1);
  });

  it("gives up a remote that never answers after its timeout, and says so", async () => {
    const silent = await startTestServer(() => {});
    const url = `${silent.url.href}x.git`;
    const { outcome } = await run({ url, timeout: "300ms" });
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: "GitOperationFailed",
      error: {
        kind: "unavailable",
        message: `failed to checkout and determine revision: unable to clone '${url}': Get "${url}/info/refs?service=git-upload-pack": context deadline exceeded`,
      },
    });
    await silent.close();
  });

  it("that is deleted takes its folder with it", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await run();
    const removal = await removeOnce(reconciler(), object, {
      signal,
      nowMs: () => NOW_MS,
      atHost: (_, work) => work(),
      progress: () => {},
      checkpoint: async () => {},
    });
    expect(removal).toMatchObject({ kind: "removed", notices: [{ severity: "trace", reason: "GarbageCollectionSucceeded" }] });
    expect(await folder.list("gitrepository")).toEqual([]);
    const again = await reconciler().remove(object, {
      signal,
      nowMs: () => NOW_MS,
      atHost: (_, work) => work(),
      progress: () => {},
      checkpoint: async () => {},
    });
    expect(again).toEqual({ kind: "removed", notices: [] });
  });
});
