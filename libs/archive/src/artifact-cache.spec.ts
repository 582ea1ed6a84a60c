import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Folder } from "@plumb/files";
import { createHttpClient, type HttpClient } from "@plumb/http";
import { startFaultProxy, startTestServer, type TestServer } from "@plumb/http/testing";
import { systemClock } from "@plumb/std";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ArtifactCache, type ArtifactCacheOptions } from "./artifact-cache.ts";
import type { ArtifactRef } from "./download.ts";
import { packFiles } from "./pack.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-cache-"));
afterAll(() => rmSync(base, { recursive: true }));
const { signal } = new AbortController();

describe("ArtifactCache", () => {
  const archives = new Map<string, Buffer>();
  const digests = new Map<string, string>();
  let server: TestServer;
  let http: HttpClient;
  let held: (() => void)[] | undefined;
  beforeAll(async () => {
    const folder = await Folder.open(join(base, "source"));
    for (const name of ["a", "b", "c", "d"]) {
      const { digest } = await packFiles([{ path: "kustomization.yaml", bytes: Buffer.alloc(1000, name) }], folder, `${name}.tar.gz`, {
        maxBytes: 1e6,
        signal,
      });
      archives.set(`/${name}`, readFileSync(join(folder.root, `${name}.tar.gz`)));
      digests.set(name, digest);
    }
  });
  beforeEach(async () => {
    held = undefined;
    server = await startTestServer((request, response) => {
      const body = archives.get(request.url ?? "");
      const answer = (): unknown => (body === undefined ? response.writeHead(404).end() : response.end(body));
      if (held === undefined) answer();
      else held.push(answer);
    });
    http = createHttpClient();
  });
  afterEach(async () => {
    http.close();
    await server.close();
  });
  const ref = (name: string, url: URL = server.url): ArtifactRef => ({ url: new URL(`/${name}`, url).href, digest: digests.get(name) ?? "" });
  const open = (options: Partial<ArtifactCacheOptions> = {}): Promise<ArtifactCache> =>
    ArtifactCache.open({ root: mkdtempSync(join(base, "cache-")), http, clock: systemClock, maxBytes: 10_000, retries: 0, ...options });

  it("fetches again what somebody has cleared away, its own folder included", async () => {
    const root = mkdtempSync(join(base, "cleared-"));
    const cache = await open({ root });
    (await cache.acquire(ref("a"), signal)).release();
    rmSync(root, { recursive: true });
    using lease = await cache.acquire(ref("a"), signal);
    expect(readFileSync(join(lease.folder, "kustomization.yaml"), "utf8")).toBe("a".repeat(1000));
  });

  it("gives a folder with the files, read-only, and fetches no digest twice", async () => {
    const cache = await open();
    const lease = await cache.acquire(ref("a"), signal);
    expect(readFileSync(join(lease.folder, "kustomization.yaml"), "utf8")).toBe("a".repeat(1000));
    expect(statSync(join(lease.folder, "kustomization.yaml")).mode & 0o733).toBe(0o400);
    lease.release();
    lease.release();
    using again = await cache.acquire(ref("a"), signal);
    expect(again.folder).toBe(lease.folder);
    expect(server.requests).toEqual(["GET /a"]);
    expect(cache.sizeBytes).toBe(1000 + (archives.get("/a")?.length ?? 0));
  });

  it("shares one download among all who ask at once", async () => {
    const cache = await open();
    const leases = await Promise.all(Array.from({ length: 20 }, () => cache.acquire(ref("a"), signal)));
    expect(new Set(leases.map(({ folder }) => folder)).size).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  it("lets one caller go without taking the download from the others", async () => {
    const cache = await open();
    held = [];
    const stop = new AbortController();
    const impatient = cache.acquire(ref("a"), stop.signal);
    const patient = cache.acquire(ref("a"), signal);
    stop.abort();
    await expect(impatient).rejects.toMatchObject({ kind: "cancelled" });
    await until(() => held?.length === 1);
    for (const answer of held) answer();
    using lease = await patient;
    expect(existsSync(join(lease.folder, "kustomization.yaml"))).toBe(true);
  });

  it("stops a download that nobody waits for, leaves nothing, and starts anew for the next", async () => {
    const root = mkdtempSync(join(base, "cache-"));
    const cache = await open({ root });
    held = [];
    const stop = new AbortController();
    const waiting = cache.acquire(ref("a"), stop.signal);
    await until(() => held?.length === 1);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
    held = undefined;
    using lease = await cache.acquire(ref("a"), signal);
    await until(() => readdirSync(root).length === 2);
    expect(lease.folder).toContain(root);
    expect(server.requests).toHaveLength(2);
  });

  it("removes the longest unused first, and never what is in use", async () => {
    const archive = archives.get("/a")?.length ?? 0;
    const cache = await open({ maxBytes: 2 * (1000 + archive) });
    const inUse = await cache.acquire(ref("a"), signal);
    (await cache.acquire(ref("b"), signal)).release();
    (await cache.acquire(ref("c"), signal)).release();
    (await cache.acquire(ref("d"), signal)).release();
    expect(cache.sizeBytes).toBe(2 * (1000 + archive));
    expect(existsSync(inUse.folder)).toBe(true);
    (await cache.acquire(ref("d"), signal)).release();
    expect(server.requests).toEqual(["GET /a", "GET /b", "GET /c", "GET /d"]);
    (await cache.acquire(ref("c"), signal)).release();
    expect(server.requests).toHaveLength(5);
    inUse.release();
  });

  it("keeps what does not fit as long as it is in use, and no longer", async () => {
    const cache = await open({ maxBytes: 0 });
    const lease = await cache.acquire(ref("a"), signal);
    expect(existsSync(lease.folder)).toBe(true);
    lease.release();
    expect(cache.sizeBytes).toBe(0);
    await until(() => !existsSync(lease.folder));
  });

  it("says that the server has no such file, and asks again the next time", async () => {
    const cache = await open();
    const absent = { url: new URL("/none", server.url).href, digest: digests.get("a") ?? "" };
    await expect(cache.acquire(absent, signal)).rejects.toMatchObject({
      kind: "missing",
      message: `failed to download archive from ${absent.url}, status: 404 Not Found`,
    });
    await expect(cache.acquire(absent, signal)).rejects.toMatchObject({ kind: "missing" });
    expect(server.requests).toHaveLength(2);
  });

  it("takes nothing whose digest is another, and leaves nothing of it", async () => {
    const root = mkdtempSync(join(base, "cache-"));
    const cache = await open({ root });
    await expect(cache.acquire({ ...ref("a"), digest: digests.get("b") ?? "" }, signal)).rejects.toMatchObject({
      kind: "corrupt",
      message: expect.stringContaining("computed digest doesn't match"),
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it.each(["sha256:abc", "md5:" + "0".repeat(32), "blake3:" + "0".repeat(64), "", "sha256:" + "A".repeat(64)])(
    "refuses the digest %j before it asks",
    async (digest) => {
      const cache = await open();
      await expect(cache.acquire({ ...ref("a"), digest }, signal)).rejects.toMatchObject({ kind: "invalid" });
      expect(server.requests).toEqual([]);
    },
  );

  it("refuses an archive that is no archive, though its digest is right", async () => {
    const cache = await open();
    const evil = Buffer.from("not a tar");
    archives.set("/evil", evil);
    const digest = `sha256:${createHash("sha256").update(evil).digest("hex")}`;
    await expect(cache.acquire({ url: new URL("/evil", server.url).href, digest }, signal)).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("gives up on a download that is too large", async () => {
    const cache = await open({ maxDownloadBytes: 10 });
    await expect(cache.acquire(ref("a"), signal)).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("larger than the limit of 10 bytes"),
    });
  });

  it.each([
    ["a cut", { kind: "truncate", afterBytes: 150 }, "unavailable"],
    ["a reset", { kind: "reset", afterBytes: 150 }, "unavailable"],
    ["a server's error", { kind: "status", status: 503 }, "unavailable"],
    ["a throttle", { kind: "status", status: 429, headers: { "retry-after": "7" } }, "throttled"],
    ["a refusal", { kind: "status", status: 403 }, "denied"],
  ] as const)("names %s, and fetches again when it is over", async (_, fault, kind) => {
    await using proxy = await startFaultProxy({ port: server.port });
    const cache = await open();
    proxy.set(fault);
    await expect(cache.acquire(ref("a", proxy.url), signal)).rejects.toMatchObject(kind === "throttled" ? { kind, retryAfterMs: 7000 } : { kind });
    proxy.set({ kind: "none" });
    using lease = await cache.acquire(ref("a", proxy.url), signal);
    expect(existsSync(lease.folder)).toBe(true);
  });

  it("tries again by itself when there was no answer", async () => {
    await using proxy = await startFaultProxy({
      port: server.port,
      onRequest: (count) => proxy.set(count < 2 ? { kind: "reset", afterBytes: 0 } : { kind: "none" }),
    });
    const cache = await open({ retries: 2 });
    using lease = await cache.acquire(ref("a", proxy.url), signal);
    expect(existsSync(lease.folder)).toBe(true);
    expect(proxy.requestCount()).toBe(2);
  });

  describe("that is opened again", () => {
    it("takes up the archives that were there, each only as its digest says, with no server at all", async () => {
      const root = mkdtempSync(join(base, "cache-"));
      for (const name of ["a", "b"]) (await (await open({ root })).acquire(ref(name), signal)).release();
      const damaged = join(root, readdirSync(root).find((name) => name.includes(digests.get("b")?.slice("sha256:".length) ?? "?")) ?? "");
      writeFileSync(damaged, readFileSync(damaged).subarray(0, 100));
      const before = server.requests.length;
      const cache = await open({ root });
      using lease = await cache.acquire(ref("a"), signal);
      expect(readFileSync(join(lease.folder, "kustomization.yaml"), "utf8")).toBe("a".repeat(1000));
      expect(server.requests).toHaveLength(before);
      using other = await cache.acquire(ref("b"), signal);
      expect(readFileSync(join(other.folder, "kustomization.yaml"), "utf8")).toBe("b".repeat(1000));
      expect(server.requests.slice(before)).toEqual(["GET /b"]);
    });

    it("removes first what nobody has asked for again, and whatever else is there at once", async () => {
      const root = mkdtempSync(join(base, "cache-"));
      for (const name of ["a", "b"]) (await (await open({ root })).acquire(ref(name), signal)).release();
      writeFileSync(join(root, "1.download"), "half");
      const sizes = ["a", "b"].map((name) => archives.get(`/${name}`)?.length ?? 0);
      const cache = await open({ root, maxBytes: 1500 });
      expect(readdirSync(root).every((name) => name.endsWith(".tar.gz"))).toBe(true);
      expect(cache.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
      (await cache.acquire(ref("c"), signal)).release();
      (await cache.acquire(ref("c"), signal)).release();
      expect(cache.sizeBytes).toBeLessThanOrEqual(1500);
      expect(server.requests).toEqual(["GET /a", "GET /b", "GET /c"]);
      const empty = await open({ root, maxBytes: 0 });
      expect(empty.sizeBytes).toBe(0);
    });
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}
