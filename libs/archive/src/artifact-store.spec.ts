import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Folder } from "@plumb/files";
import { systemClock, type Clock } from "@plumb/std";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { ArtifactStore, type NewArtifact } from "./artifact-store.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-store-"));
afterAll(() => rmSync(base, { recursive: true }));
const { signal } = new AbortController();
const owner = { kind: "GitRepository", namespace: "apps", name: "podinfo" };
const FOLDER = "gitrepository/apps/podinfo";
const T0 = Date.parse("2026-01-02T03:04:05.678Z");
const clock: Clock = { ...systemClock, nowMs: () => T0 };

describe("ArtifactStore", () => {
  let folder: Folder;
  let store: ArtifactStore;
  const wanted: NewArtifact = { owner, file: "abc.tar.gz", revision: "main@sha1:abc", maxBytes: 1000, signal };
  const files = [{ path: "a.yaml", bytes: Buffer.from("kind: A") }];
  const put = (name: string, ageSeconds: number): void => {
    const path = join(folder.root, FOLDER, name);
    writeFileSync(path, name);
    utimesSync(path, T0 / 1000 - ageSeconds, T0 / 1000 - ageSeconds);
  };
  beforeEach(async () => {
    folder = await Folder.open(mkdtempSync(join(base, "case-")));
    store = new ArtifactStore({ folder, advertisedHost: "source-controller.flux-system.svc.cluster.local.", clock });
  });

  it("stores an artifact where and as Flux does", async () => {
    const artifact = await store.pack(files, { ...wanted, metadata: { a: "b" } });
    expect(artifact).toEqual({
      path: `${FOLDER}/abc.tar.gz`,
      url: `http://source-controller.flux-system.svc.cluster.local./${FOLDER}/abc.tar.gz`,
      revision: "main@sha1:abc",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      size: readFileSync(join(folder.root, FOLDER, "abc.tar.gz")).length,
      lastUpdateTime: "2026-01-02T03:04:05Z",
      metadata: { a: "b" },
    });
    expect(await store.verify(artifact, signal)).toBe("verified");
  });

  it("is known to the next process", async () => {
    const artifact = await store.pack(files, wanted);
    const next = new ArtifactStore({ folder: await Folder.open(folder.root), advertisedHost: "127.0.0.1:9090", clock });
    expect(await next.verify(artifact, signal)).toBe("verified");
    expect(next.withCurrentHost(artifact)).toEqual({ ...artifact, url: `http://127.0.0.1:9090/${FOLDER}/abc.tar.gz` });
    expect(store.withCurrentHost(artifact)).toBe(artifact);
  });

  it("removes an artifact that is damaged, also after it was found whole once, and says when one is gone", async () => {
    const artifact = await store.pack(files, wanted);
    expect(await store.verify(artifact, signal)).toBe("verified");
    put("abc.tar.gz", 0);
    expect(await store.verify(artifact, signal)).toBe("corrupt");
    expect(await store.verify(artifact, signal)).toBe("missing");
    symlinkSync("/etc/hostname", join(folder.root, FOLDER, "abc.tar.gz"));
    expect(await store.verify(artifact, signal)).toBe("missing");
  });

  it("leaves an artifact alone whose verification is stopped", async () => {
    const artifact = await store.pack(files, wanted);
    await expect(store.verify(artifact, AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
    expect(await store.verify(artifact, signal)).toBe("verified");
  });

  it("gives equal files an equal digest, whoever packs them, at once or not", async () => {
    const artifacts = await Promise.all(Array.from({ length: 5 }, () => store.pack(files, wanted)));
    expect(new Set(artifacts.map(({ digest }) => digest)).size).toBe(1);
    expect(readdirSync(join(folder.root, FOLDER))).toEqual(["abc.tar.gz"]);
    expect((await store.pack(files, { ...wanted, algorithm: "sha512" })).digest).toMatch(/^sha512:/);
  });

  it("keeps the last good artifact when a new one fails", async () => {
    const artifact = await store.pack(files, wanted);
    await expect(store.pack([{ path: "big", bytes: Buffer.alloc(2000) }], wanted)).rejects.toMatchObject({ kind: "invalid" });
    expect(await store.verify(artifact, signal)).toBe("verified");
  });

  it.each<[string, readonly [name: string, ageSeconds: number][], readonly string[]]>([
    [
      "nothing while all are young and few",
      [
        ["old.tar.gz", 10],
        ["abc.tar.gz", 0],
      ],
      [],
    ],
    [
      "what is older than the retention time, but never the current one",
      [
        ["o1.tar.gz", 100],
        ["o2.tar.gz", 61],
        ["y.tar.gz", 59],
        ["abc.tar.gz", 500],
      ],
      ["o1.tar.gz", "o2.tar.gz"],
    ],
    [
      "the oldest beyond the retention count",
      [
        ["y1.tar.gz", 40],
        ["y2.tar.gz", 30],
        ["y3.tar.gz", 20],
        ["abc.tar.gz", 50],
      ],
      ["y1.tar.gz", "y2.tar.gz"],
    ],
    [
      "files of the same age by name",
      [
        ["b.tar.gz", 30],
        ["a.tar.gz", 30],
        ["abc.tar.gz", 0],
      ],
      ["a.tar.gz"],
    ],
    [
      "the lock of what is removed, no other",
      [
        ["o.tar.gz", 100],
        ["o.tar.gz.lock", 0],
        ["abc.tar.gz.lock", 1000],
        ["abc.tar.gz", 0],
      ],
      ["o.tar.gz", "o.tar.gz.lock"],
    ],
    [
      "what a killed process left",
      [
        [".tmp-0123456789abcdef01", 1000],
        [".tmp-0123456789abcdef02", 10],
        ["abc.tar.gz", 0],
      ],
      [".tmp-0123456789abcdef01"],
    ],
  ])("collects %s", async (_, entries, removed) => {
    const artifact = await store.pack(files, wanted);
    for (const [name, age] of entries) put(name, age);
    expect([...(await store.collect(owner, artifact, signal))].sort()).toEqual(removed.map((name) => `${FOLDER}/${name}`).sort());
    expect(readdirSync(join(folder.root, FOLDER)).sort()).toEqual(
      entries
        .map(([name]) => name)
        .filter((name) => !removed.includes(name))
        .sort(),
    );
  });

  it("collects everything old where there is no current artifact, and keeps links", async () => {
    await store.pack(files, wanted);
    put("abc.tar.gz", 100);
    symlinkSync("gone", join(folder.root, FOLDER, "latest.tar.gz"));
    await store.collect(owner, undefined, signal);
    expect(readdirSync(join(folder.root, FOLDER))).toEqual(["latest.tar.gz"]);
    expect(await store.collect({ ...owner, name: "none" }, undefined, signal)).toEqual([]);
  });

  it("moves a link to the newest artifact", async () => {
    const artifact = await store.pack(files, wanted);
    expect(await store.linkTo(artifact, "latest.tar.gz")).toContain(`${FOLDER}/latest.tar.gz`);
    expect(readFileSync(join(folder.root, FOLDER, "latest.tar.gz"))).toEqual(readFileSync(join(folder.root, FOLDER, "abc.tar.gz")));
  });

  it("removes all of an owner and nothing of a neighbour", async () => {
    await store.pack(files, wanted);
    const neighbour = await store.pack(files, { ...wanted, owner: { ...owner, name: "podinfo-2" } });
    expect([await store.removeAll(owner), await store.removeAll(owner)]).toEqual([true, false]);
    expect(existsSync(join(folder.root, FOLDER))).toBe(false);
    expect(await store.verify(neighbour, signal)).toBe("verified");
    await store.removeAll({ ...owner, name: "podinfo-2" });
    expect(existsSync(join(folder.root, "gitrepository/apps"))).toBe(false);
  });

  it.each([
    { ...owner, name: ".." },
    { ...owner, namespace: "a/b" },
    { ...owner, name: "" },
  ])("refuses the owner %j", async (bad) => {
    await expect(store.removeAll(bad)).rejects.toMatchObject({ kind: "invalid" });
  });

  it("says how much space is free when the disk takes no more, and keeps what is there", async () => {
    await store.pack(files, wanted);
    const program = `
      import { Folder } from "@plumb/files";
      import { systemClock } from "@plumb/std";
      import { ArtifactStore } from ${JSON.stringify(new URL("./artifact-store.ts", import.meta.url).href)};
      const store = new ArtifactStore({ folder: await Folder.open(${JSON.stringify(folder.root)}), advertisedHost: "h", clock: systemClock });
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      const wanted = { owner: ${JSON.stringify(owner)}, file: "abc.tar.gz", revision: "r", maxBytes: 1e6, signal: new AbortController().signal };
      await store.pack([{ path: "big", bytes }], wanted).catch(({ kind, message }) => console.log(kind + ": " + message));`;
    const limited = spawnSync("sh", ["-c", 'ulimit -f 16; exec "$0" --conditions=@plumb/source --input-type=module -e "$1"', process.execPath, program], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    expect(limited.stdout).toMatch(/^unavailable: write gitrepository\/apps\/podinfo\/abc\.tar\.gz: file too large \(\d+ of \d+ bytes are free\)\n$/);
    expect(readdirSync(join(folder.root, FOLDER))).toEqual(["abc.tar.gz"]);
  });
});
