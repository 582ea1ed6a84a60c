import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitRepository } from "@plumb/api";
import { ArtifactStore, DEFAULT_UNPACK_LIMITS, unpackToMemory } from "@plumb/archive";
import { Folder } from "@plumb/files";
import { serveTestRepository, type ServedRepository } from "@plumb/git/testing";
import { startTestServer } from "@plumb/http/testing";
import { reconcileOnce, type Report } from "@plumb/runtime";
import { systemClock } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GitClients } from "./clients.ts";
import { gitRepositoryReconciler } from "./kind.ts";
import { packGitRepository } from "./pack-job.ts";

const { signal } = new AbortController();
let served: ServedRepository;
let folder: Folder;
let store: ArtifactStore;

beforeEach(async () => {
  served = await serveTestRepository();
  folder = await Folder.open(await mkdtemp(join(tmpdir(), "plumb-bad-remotes-")));
  store = new ArtifactStore({ folder, advertisedHost: "source.example", clock: systemClock });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
  await rm(folder.root, { recursive: true, force: true });
});

/** One run of a GitRepository that has the status it is given. */
function run(url: string, status: GitRepository["status"] = {}): Promise<Report<object>> {
  const kind = gitRepositoryReconciler({
    client: { get: () => Promise.resolve(undefined) },
    clients: new GitClients({}),
    discoveries: new Map(),
    store,
    storagePath: folder.root,
    advertisedHost: "source.example",
    digestAlgorithm: "sha256",
    proxyEnvironment: {},
    pack: (job) => packGitRepository(structuredClone(job)),
  });
  const object: GitRepository = {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "app", namespace: "team", uid: "u", resourceVersion: "1", generation: 1 },
    spec: { url, interval: "1m", timeout: "60s", ref: { branch: "main" } },
    status,
  };
  return reconcileOnce(kind, object, { signal, nowMs: () => Date.now(), atHost: (_, work) => work(), progress: () => {}, checkpoint: async () => {} });
}

describe("a remote that is not as it should be", () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => unknown, string]>([
    ["redirects in a circle", (request, response) => response.writeHead(302, { location: request.url }).end(), "stopped after 10 redirects"],
    [
      "redirects to a page",
      (request, response) =>
        request.url === "/login"
          ? response.writeHead(200, { "content-type": "text/html" }).end("<html>")
          : response.writeHead(302, { location: "/login" }).end(),
      'the server does not answer as a Git server: its content type is "text/html"',
    ],
    ["answers with an error", (_, response) => response.writeHead(500).end("oops"), 'status code: 500, body: "oops"'],
    [
      "answers with something else",
      (_, response) => response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" }).end("what is this"),
      "invalid pkt-len",
    ],
    ["hangs up", (request) => request.socket.destroy(), "EOF"],
  ])("and %s is named with what it did; the artifact stays", async (_, answer, words) => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    const good = await run(served.url);
    const { artifact } = good.status as GitRepository["status"] & object; // why: the report of a run that settled carries one
    const bad = await startTestServer(answer);
    const url = `${bad.url.href}r.git`;
    const { outcome, status, notices } = await run(url, artifact === undefined ? {} : { artifact });
    await bad.close();
    const message = outcome.kind === "failed" ? outcome.error.message : "";
    expect(message).toContain(words);
    expect(message).toContain(`failed to checkout and determine revision: unable to list remote for '${url}': `);
    expect(outcome).toMatchObject({ kind: "failed", reason: "GitOperationFailed" });
    expect(outcome.kind === "failed" && outcome.error.kind).not.toBe("internal");
    expect(message).not.toMatch(/\n\s+at /);
    expect(notices).toMatchObject([{ severity: "error", reason: "GitOperationFailed", message }]);
    expect("artifact" in status ? status.artifact : artifact).toEqual(artifact);
    expect(await folder.stat(artifact?.path ?? "")).toBeDefined();
  });
});

describe("a repository with symbolic links that lead out of it", () => {
  it("becomes an artifact without them", async () => {
    await served.repository.commit({
      files: { "a.txt": "one", "passwd.yaml": { content: "../../../../etc/passwd", mode: "120000" }, folder: { content: "/etc", mode: "120000" } },
    });
    const { status } = await run(served.url);
    const { artifact } = status as GitRepository["status"] & object; // why: as above
    const unpacked = await unpackToMemory(folder.stream(artifact?.path ?? "", signal), DEFAULT_UNPACK_LIMITS, signal);
    expect(["a.txt", "passwd.yaml", "folder"].map((path) => unpacked.stat(path)?.kind)).toEqual(["file", undefined, undefined]);
  });
});
