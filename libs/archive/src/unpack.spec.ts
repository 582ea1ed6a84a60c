import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Folder } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { encodeHeader, padding } from "./tar-header.ts";
import { DEFAULT_UNPACK_LIMITS, readArchive, unpackToFolder, unpackToMemory, type UnpackLimits } from "./unpack.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-unpack-"));
afterAll(() => rmSync(base, { recursive: true }));
const { signal } = new AbortController();

interface Member {
  readonly name: string;
  readonly type?: string;
  readonly text?: string;
  readonly mode?: number;
}

/** A member whose name is written as it is, however bad. */
function raw({ name, type = "0", text = "", mode = 0o644 }: Member): Buffer {
  const header = Buffer.from(encodeHeader({ name: "x", type, mode, sizeBytes: Buffer.byteLength(text) }));
  header.fill(0, 0, 100);
  header.write(name, 0, 100, "utf8");
  return Buffer.concat([resealed(header), Buffer.from(text), padding(Buffer.byteLength(text))]);
}
function resealed(header: Buffer): Buffer {
  header.fill(0x20, 148, 156);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
const END = Buffer.alloc(1024);
const tar = (...members: readonly (Member | Buffer)[]): Buffer =>
  Buffer.concat([...members.map((member) => (Buffer.isBuffer(member) ? member : raw(member))), END]);
async function* chunksOf(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function pathsOf(archive: Uint8Array, limits: Partial<UnpackLimits> = {}): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of readArchive(chunksOf(archive), { ...DEFAULT_UNPACK_LIMITS, ...limits }, signal)) paths.push(path);
  return paths;
}
const unpack = (bytes: Uint8Array, limits?: Partial<UnpackLimits>): Promise<readonly string[]> => pathsOf(gzipSync(bytes), limits);
async function kindOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (thrown) {
    return thrown instanceof ToolkitError ? thrown.kind : String(thrown);
  }
}
const pax = (...records: readonly string[]): Buffer => {
  const text = records
    .map((record) => {
      let length = record.length + 2;
      while (`${length} ${record}\n`.length !== length) length += 1;
      return `${length} ${record}\n`;
    })
    .join("");
  return raw({ name: "pax", type: "x", text });
};

/** Names that have led out of a folder somewhere; each is refused, or harmless where it is. */
const SLIPS = [
  "../x",
  "../../x",
  "/etc/x",
  "//etc/x",
  "a/../../x",
  "a/..",
  "..",
  "./../x",
  "a/../x",
  "a/./../../x",
  "C:..\\x",
  "C:\\x",
  "C:/x",
  "..\\x",
  "a\\..\\..\\x",
  "\\\\server\\share",
  "....//x",
  ".../x",
  "..%2fx",
  "%2e%2e/x",
  "..;/x",
  "\u2025/x",
  "\uff0e\uff0e/x",
  "a/b/../../../x",
  "file:///etc/x",
  "~/x",
  "/./x",
  "a//../../x",
  "../",
];

describe("paths", () => {
  it.each(SLIPS)("%j never leaves the folder", async (name) => {
    const root = join(mkdtempSync(join(base, "slip-")), "root");
    const folder = await Folder.open(root);
    const outcome = await kindOf(unpackToFolder(chunksOf(gzipSync(tar({ name, text: "evil" }))), folder, "out", DEFAULT_UNPACK_LIMITS, signal));
    expect(["none", "invalid"]).toContain(outcome);
    if (/(^|\/)\.\.(\/|$)|\\|^\/|^[A-Z]:/.test(name)) expect(outcome).toBe("invalid");
    expect(readdirSync(join(root, ".."))).toEqual(["root"]);
    expect(readdirSync(root)).toEqual(["out"]);
    expect(existsSync("/etc/x")).toBe(false);
  });

  it("are read the same from pax and GNU records", async () => {
    const long = `${"d/".repeat(60)}x`;
    expect(await unpack(tar(pax(`path=${long}`), { name: "short" }))).toEqual([long]);
    expect(await unpack(tar(raw({ name: "././@LongLink", type: "L", text: `${long}\0` }), { name: "short" }))).toEqual([long]);
    expect(await kindOf(unpack(tar(pax("path=../../x"), { name: "ok" })))).toBe("invalid");
    expect(await kindOf(unpack(tar(raw({ name: "././@LongLink", type: "L", text: "/etc/x\0" }), { name: "ok" })))).toBe("invalid");
    expect(await kindOf(unpack(tar(pax("path=a\0b"), { name: "ok" })))).toBe("invalid");
  });

  it("may begin with ./ and end with /, and the root is no entry", async () => {
    expect(await unpack(tar({ name: "./", type: "5" }, { name: ".", type: "5" }, { name: "./a/", type: "5" }, { name: "./a/x" }, { name: "old/" }))).toEqual([
      "a",
      "a/x",
      "old",
    ]);
  });

  it("that differ in case or form only are two files", async () => {
    expect(await unpack(tar({ name: "README" }, { name: "readme" }, { name: "\u00e9" }, { name: "e\u0301" }))).toHaveLength(4);
  });

  it.each([
    ["a file twice", [{ name: "a" }, { name: "a" }]],
    ["a file that becomes a folder", [{ name: "a" }, { name: "a/b" }]],
    ["a folder that becomes a file", [{ name: "a/b" }, { name: "a" }]],
    ["a folder entry over a file", [{ name: "a" }, { name: "a", type: "5" }]],
  ])("refuse %s", async (_, members) => {
    expect(await kindOf(unpack(tar(...members)))).toBe("invalid");
  });

  it("that are not UTF-8 are refused", async () => {
    const header = raw({ name: "x" });
    header[0] = 0xff;
    expect(await kindOf(unpack(tar(resealed(header))))).toBe("invalid");
  });
});

describe("links and devices", () => {
  it("symbolic links are skipped, and what lies below one lands inside", async () => {
    const folder = await Folder.open(join(mkdtempSync(join(base, "link-")), "root"));
    const members = tar({ name: "link", type: "2" }, { name: "link/passwd", text: "x" }, { name: "chain", type: "2" });
    await unpackToFolder(chunksOf(gzipSync(members)), folder, "out", DEFAULT_UNPACK_LIMITS, signal);
    expect(statSync(join(folder.root, "out/link/passwd")).mode & 0o733).toBe(0o400);
    expect(readdirSync(join(folder.root, "out"))).toEqual(["link"]);
  });

  it.each([
    ["a hard link", "1"],
    ["a character device", "3"],
    ["a block device", "4"],
    ["a FIFO", "6"],
    ["a sparse file", "S"],
    ["something unknown", "Z"],
  ])("%s makes the archive invalid", async (_, type) => {
    await expect(unpack(tar({ name: "a" }, { name: "b", type }))).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining('"b"') });
  });

  it("pax sparse files are refused", async () => {
    expect(await kindOf(unpack(tar(pax("GNU.sparse.major=1"), { name: "a" })))).toBe("invalid");
  });
});

describe("limits", () => {
  const many = (count: number): Buffer => tar(...Array.from({ length: count }, (_, index) => ({ name: `f${index}` })));

  it("count bytes, also those that a size only claims", async () => {
    expect(await unpack(tar({ name: "a", text: "12345" }), { maxBytes: 5 })).toEqual(["a"]);
    expect(await kindOf(unpack(tar({ name: "a", text: "123" }, { name: "b", text: "123" }), { maxBytes: 5 }))).toBe("invalid");
    expect(await kindOf(unpack(tar(pax("size=999999999999999"), { name: "a" })))).toBe("invalid");
  });

  it("count entries and depth", async () => {
    expect(await unpack(many(50), { maxEntries: 50 })).toHaveLength(50);
    expect(await kindOf(unpack(many(51), { maxEntries: 50 }))).toBe("invalid");
    expect(await kindOf(unpack(tar(pax(`path=${"d/".repeat(101)}x`), { name: "a" })))).toBe("invalid");
    expect(await kindOf(unpack(tar(pax(`path=${"d/".repeat(3000)}x`), { name: "a" })))).toBe("invalid");
  });

  it("stop a bomb early and in little memory", async () => {
    const header = Buffer.from(encodeHeader({ name: "bomb", type: "0", mode: 0o644, sizeBytes: 900 * 1024 ** 2 }));
    const packed = Buffer.concat([gzipSync(header), ...Array<Buffer>(16).fill(gzipSync(Buffer.alloc(16 * 1024 ** 2)))]);
    let given = 0;
    // What this thread holds, not the process, whose other threads run other tests.
    const before = process.memoryUsage().arrayBuffers;
    const reading = (async () => {
      for await (const { chunks } of readArchive(chunksOf(packed, packed.length), DEFAULT_UNPACK_LIMITS, signal))
        for await (const chunk of chunks) given += chunk.length;
    })();
    expect(await kindOf(reading)).toBe("invalid");
    expect(given).toBeLessThan(80 * 1024 ** 2);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128 * 1024 ** 2);
  });

  it("end a million empty entries at the hundred-thousandth", async () => {
    const hundred = Buffer.concat(Array.from({ length: 100 }, (_, index) => raw({ name: `dir${index}`, type: "5" })));
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      const piece = gzipSync(hundred, { level: 1 });
      for (let count = 0; count < 10_000; count++) yield piece;
    }
    await expect(
      (async () => {
        for await (const { path } of readArchive(endless(), DEFAULT_UNPACK_LIMITS, signal)) if (path === "") return;
      })(),
    ).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("damage", () => {
  const good = gzipSync(tar({ name: "a", text: "hello".repeat(500) }, { name: "b", text: "x" }));

  it("a stream that is cut off anywhere is never taken for whole", async () => {
    for (let cut = 0; cut < good.length; cut++) {
      expect([cut, await kindOf(pathsOf(good.subarray(0, cut)))]).toEqual([cut, "corrupt"]);
    }
  });

  it("of any byte never gives an error of our own making, and never a path outside", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const damaged = Buffer.from(good);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        expect(["none", "corrupt", "invalid"]).toContain(await kindOf(pathsOf(damaged)));
      }),
      { numRuns: 300 },
    );
  });

  it("of any byte of the tar itself neither", async () => {
    const plain = tar({ name: "a/b", text: "x" }, pax("path=long", "size=1"), { name: "c", text: "y" });
    await fc.assert(
      fc.asyncProperty(fc.nat(plain.length - 1), fc.nat(255), async (at, byte) => {
        const damaged = Buffer.from(plain);
        damaged[at] = byte;
        expect(["none", "corrupt", "invalid"]).toContain(await kindOf(pathsOf(gzipSync(damaged))));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["no gzip", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["gzip in gzip", gzipSync(good)],
    ["a tar that is none", gzipSync(Buffer.alloc(2000, 1))],
    ["a wrong checksum", gzipSync(Buffer.concat([Buffer.from(raw({ name: "a" })).fill(0x39, 0, 1), END]))],
  ])("%s is refused", async (_, bytes) => {
    expect(["corrupt", "invalid"]).toContain(await kindOf(pathsOf(bytes)));
  });

  it("what comes after the end is refused, unless it is nothing", async () => {
    expect(await kindOf(pathsOf(Buffer.concat([good, Buffer.from("garbage")])))).toBe("corrupt");
    expect(await kindOf(pathsOf(Buffer.concat([good, gzipSync(tar({ name: "evil" }))])))).toBe("invalid");
    expect(await unpack(Buffer.concat([tar({ name: "a" }), Buffer.alloc(10_240)]))).toEqual(["a"]);
  });

  it("a negative size is refused", async () => {
    const header = raw({ name: "a" });
    header.fill(0xff, 124, 136);
    expect(await kindOf(unpack(tar(resealed(header))))).toBe("invalid");
  });
});

describe("unpackToMemory", () => {
  it("gives files, folders and what may be executed", async () => {
    const fileSystem = await unpackToMemory(
      chunksOf(gzipSync(tar({ name: "a/x", text: "1" }, { name: "run", text: "2", mode: 0o700 }, { name: "empty", type: "5" })), 7),
      DEFAULT_UNPACK_LIMITS,
      signal,
    );
    expect(Buffer.from(fileSystem.read("a/x", 10)).toString()).toBe("1");
    expect([fileSystem.stat("a/x")?.isExecutable, fileSystem.stat("run")?.isExecutable, fileSystem.stat("empty")?.kind]).toEqual([false, true, "directory"]);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    async function* slow(): AsyncGenerator<Uint8Array, void> {
      yield gzipSync(tar({ name: "a", text: "x".repeat(1000) })).subarray(0, 50);
      stop.abort();
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield Buffer.from("x");
    }
    expect(await kindOf(unpackToMemory(slow(), DEFAULT_UNPACK_LIMITS, stop.signal))).toBe("cancelled");
  });
});
