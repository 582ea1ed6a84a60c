import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Folder } from "@plumb/files";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { comparePaths } from "./entry-path.ts";
import { gzip } from "./gzip.ts";
import { packFiles, type SourceEntry, type SourceFile } from "./pack.ts";
import { readTar } from "./tar-reader.ts";
import { DEFAULT_UNPACK_LIMITS, unpackToMemory } from "./unpack.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-pack-"));
afterAll(() => rmSync(base, { recursive: true }));
const { signal } = new AbortController();
const options = { maxBytes: 10_000_000, signal };
const file = (path: string, text = path, mode?: number): SourceFile => ({ path, bytes: Buffer.from(text), ...(mode === undefined ? {} : { mode }) });
const folderAt = (path: string): SourceEntry => ({ path, isFolder: true });

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

describe("packFiles", () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await Folder.open(mkdtempSync(join(base, "case-")));
  });
  const membersOf = async (path: string): Promise<readonly string[]> => {
    const members: string[] = [];
    for await (const { name, type, mode, sizeBytes } of readTar(once(gunzipSync(readFileSync(join(folder.root, path))))))
      members.push(`${type} ${mode.toString(8)} ${sizeBytes} ${name}`);
    return members;
  };

  it("writes no owner, no time, and only whether a file may be executed", async () => {
    const entries = [folderAt("a"), folderAt("a/b"), file("a/b/x.yaml"), file("a/run.sh", "#!", 0o755), file("a.txt", "t", 0o640)];
    const packed = await packFiles(entries, folder, "k/ns/n/1.tar.gz", options);
    expect(await membersOf("k/ns/n/1.tar.gz")).toEqual(["5 750 0 .", "5 750 0 a", "5 750 0 a/b", "0 600 10 a/b/x.yaml", "0 700 2 a/run.sh", "0 600 1 a.txt"]);
    expect(packed).toMatchObject({ path: "k/ns/n/1.tar.gz", sizeBytes: readFileSync(join(folder.root, "k/ns/n/1.tar.gz")).length });
    const listing = execFileSync("tar", ["tvzf", join(folder.root, "k/ns/n/1.tar.gz"), "--numeric-owner"], {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC" },
    });
    expect(listing.split("\n")[3]).toMatch(/^-rw------- 0\/0 +10 1970-01-01 \d\d:\d\d a\/b\/x\.yaml$/);
  });

  it("keeps a folder with nothing in it, and what is in a folder that is left out", async () => {
    await packFiles([folderAt("empty"), file("out/kept/x.yaml")], folder, "x.tar.gz", options);
    expect(await membersOf("x.tar.gz")).toEqual(["5 750 0 .", "5 750 0 empty", "0 600 15 out/kept/x.yaml"]);
    const unpacked = await unpackToMemory(folder.stream("x.tar.gz", signal), DEFAULT_UNPACK_LIMITS, signal);
    expect([unpacked.stat("empty")?.kind, unpacked.stat("out")?.kind, unpacked.stat("out/kept/x.yaml")?.kind]).toEqual(["directory", "directory", "file"]);
  });

  it("gives the digest that these files have always had, on every version of Node", async () => {
    const apps = Array.from({ length: 300 }, (_, index) => {
      const app = `apps/${String(index).padStart(3, "0")}`;
      return [folderAt(app), file(`${app}/deployment.yaml`, `kind: Deployment\nreplicas: ${index}\n`.repeat(index % 40))];
    });
    const { digest } = await packFiles([folderAt("apps"), ...apps.flat()], folder, "golden.tar.gz", options);
    expect(digest).toBe("sha256:5e41e9fdc38ac4d0a15f23ac41ca587a42724f9be84f88e2e01649a08364b9a7");
  });

  it("gives equal bytes for equal bytes, however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(2000), { maxLength: 8 }), async (bytes, cuts) => {
        const whole = Buffer.concat([bytes, Buffer.alloc(300_000, "abcdefg")]);
        async function* cut(): AsyncGenerator<Uint8Array, void> {
          let at = 0;
          for (const next of [...cuts].sort((a, b) => a - b)) {
            yield whole.subarray(at, next);
            at = next;
          }
          yield whole.subarray(at);
        }
        const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
          const parts: Uint8Array[] = [];
          for await (const chunk of gzip(chunks, signal)) parts.push(chunk);
          return Buffer.concat(parts);
        };
        const one = await collect(once(whole));
        expect((await collect(cut())).equals(one)).toBe(true);
        expect(gunzipSync(one).equals(whole)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it.each(["../x", "/etc/x", "a/../x", "a//x", "./x", "a/.", "", "a\\x", "C:/x", "a\0b", "x".repeat(256), `${"d/".repeat(2100)}x`])(
    "refuses the path %j and leaves nothing",
    async (path) => {
      await expect(packFiles([file("0"), file(path)], folder, "x.tar.gz", options)).rejects.toMatchObject({
        kind: "invalid",
        message: expect.stringContaining("path"),
      });
      expect(readdirSync(folder.root)).toEqual([]);
    },
  );

  it.each([[["b", "a"]], [["a", "a"]], [["a.txt", "a/b"]], [["a", "a/b"]]])("refuses %j, which is no lexical walk", async (paths) => {
    await expect(
      packFiles(
        paths.map((path) => file(path)),
        folder,
        "x.tar.gz",
        options,
      ),
    ).rejects.toMatchObject({ kind: "invalid" });
  });

  it("stops at its limit and keeps the artifact that was there", async () => {
    await packFiles([file("a")], folder, "x.tar.gz", options);
    const before = readFileSync(join(folder.root, "x.tar.gz"));
    await expect(packFiles([file("a", "12345"), file("b", "123456")], folder, "x.tar.gz", { ...options, maxBytes: 10 })).rejects.toThrow(
      'the source is larger than the limit of 10 bytes: reached at "b"',
    );
    expect(readFileSync(join(folder.root, "x.tar.gz")).equals(before)).toBe(true);
    expect(readdirSync(folder.root)).toEqual(["x.tar.gz"]);
  });

  it("stops when its source fails or its caller says so, with that error", async () => {
    async function* failing(): AsyncGenerator<SourceFile, void> {
      yield file("a");
      throw new Error("the pack is damaged");
    }
    await expect(packFiles(failing(), folder, "x.tar.gz", options)).rejects.toThrow("the pack is damaged");
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<SourceFile, void> {
      for (let index = 0; ; index++) {
        if (index === 100) stop.abort();
        yield file(String(index).padStart(9, "0"), "x".repeat(10_000));
      }
    }
    await expect(packFiles(endless(), folder, "x.tar.gz", { ...options, maxBytes: 1e12, signal: stop.signal })).rejects.toMatchObject({ kind: "cancelled" });
    expect(readdirSync(folder.root)).toEqual([]);
  });

  it("packs a name that holds the sign for what cannot be read", async () => {
    await packFiles([file("a\ufffdb", "x")], folder, "x.tar.gz", options);
    expect((await unpackToMemory(folder.stream("x.tar.gz", signal), DEFAULT_UNPACK_LIMITS, signal)).stat("a\ufffdb")?.kind).toBe("file");
  });

  it("packs an empty source", async () => {
    await packFiles([], folder, "x.tar.gz", options);
    expect(await membersOf("x.tar.gz")).toEqual(["5 750 0 ."]);
  });

  it("gives back every file that was put in, long and foreign names too", async () => {
    const name = fc.oneof(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), fc.string({ minLength: 90, maxLength: 200 }));
    const path = fc
      .array(name, { minLength: 1, maxLength: 5 })
      .map((names) => names.map((part) => `n${part.replaceAll(/[/\\\0]|[\ud800-\udfff]/g, "_")}`.slice(0, 60)).join("/"));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 12 }), async (paths) => {
        const sorted = paths.sort(comparePaths).filter((each, index, all) => !all.some((other, at) => at !== index && other.startsWith(`${each}/`)));
        await packFiles(
          sorted.map((each, index) => file(each, `${index} ${each}`, index % 2 === 0 ? 0o755 : 0o644)),
          folder,
          "x.tar.gz",
          options,
        );
        const unpacked = await unpackToMemory(folder.stream("x.tar.gz", signal), DEFAULT_UNPACK_LIMITS, signal);
        for (const [index, each] of sorted.entries()) {
          expect(Buffer.from(unpacked.read(each, 10_000)).toString()).toBe(`${index} ${each}`);
          expect(unpacked.stat(each)?.isExecutable).toBe(index % 2 === 0);
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
