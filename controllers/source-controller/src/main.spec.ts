import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Folder } from "@plumb/files";
import { resolveRevision } from "@plumb/git";
import { serveTestRepository } from "@plumb/git/testing";
import { WorkerPool } from "@plumb/runtime";
import { controllerProcessContract } from "@plumb/runtime/testing";
import { systemClock } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACK_JOB, type PackAnswer, type PackJob } from "./git-repository/pack-job.ts";

const MAIN = new URL("./main.ts", import.meta.url);

controllerProcessContract({
  name: "source-controller",
  main: MAIN,
  refused: [],
  flags: (folder) => [`--storage-path=${join(folder, "data")}`, ...["storage", "health", "metrics"].map((server) => `--${server}-addr=127.0.0.1:0`)],
});

describe("the worker", () => {
  let pool: WorkerPool;
  let folder: Folder;
  beforeAll(async () => {
    folder = await Folder.open(await mkdtemp(join(tmpdir(), "plumb-source-worker-")));
    pool = new WorkerPool({
      entry: MAIN,
      threads: 2,
      memoryLimitMb: 256,
      clock: systemClock,
      execArgv: ["--conditions=@plumb/source"],
    });
  });
  afterAll(async () => {
    await pool.close();
    await rm(folder.root, { recursive: true, force: true });
  });

  it("turns a commit into an artifact, and tells a failure with its reason", async () => {
    await using served = await serveTestRepository();
    const hash = await served.repository.commit({ files: { "a.txt": "one" }, message: "Subject\n" });
    const { signal } = new AbortController();
    const request = { url: served.url, ref: { branch: "main" } };
    const resolved = await resolveRevision(served.http, request, signal);
    const job: PackJob = {
      request,
      resolved,
      access: {},
      proxyEnvironment: {},
      timeoutMs: 10_000,
      storagePath: folder.root,
      advertisedHost: "source.example",
      algorithm: "sha256",
      owner: { kind: "GitRepository", namespace: "ns", name: "app" },
      ignore: undefined,
    };
    const limits = { key: "ns/app", timeoutMs: 60_000, signal };
    const path = `gitrepository/ns/app/${hash}.tar.gz`;
    expect(await pool.run(PACK_JOB, job, limits)).toMatchObject({ kind: "packed", subject: "Subject", artifact: { path, revision: `main@sha1:${hash}` } });
    expect(await folder.stat(path)).toBeDefined();
    await served.server.close();
    // why: the pool gives back what the job returned
    const failed = (await pool.run(PACK_JOB, job, limits)) as PackAnswer;
    expect(failed).toMatchObject({ kind: "failed", reason: "GitOperationFailed", error: { kind: "unavailable" } });
    expect(failed.kind === "failed" && failed.error.message).toMatch(/connection (refused|reset)/);
  });
});
