import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta } from "./delta.ts";
import { DEFAULT_GIT_LIMITS } from "./limits.ts";
import { readPack } from "./pack.ts";

const limits = { ...DEFAULT_GIT_LIMITS, objectBytes: 1_000_000, inflatedBytes: 10_000_000 };
const BLOB = 3;
const OFS_DELTA = 6;
const REF_DELTA = 7;

interface PackEntry {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly base?: Uint8Array;
  /** What it says its size is, where that is a lie. */
  readonly claimed?: number;
}

function entryBytes({ type, bytes, base = new Uint8Array(), claimed = bytes.length }: PackEntry): Buffer {
  const head = [(type << 4) | (claimed & 0x0f)];
  for (let rest = Math.floor(claimed / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(rest % 128);
  }
  return Buffer.concat([Buffer.from(head), base, deflateSync(bytes)]);
}

function pack(...entries: readonly PackEntry[]): Buffer {
  return sealed(entries.length, ...entries.map(entryBytes));
}

function sealed(count: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  head.writeUInt32BE(count, 8);
  const body = Buffer.concat([head, ...parts]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function blobHash(content: string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest("hex");
}

/** A delta that copies all of its base and then inserts a text. */
function appending(baseLength: number, text: string): Buffer {
  const size = (value: number): readonly number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
  return Buffer.from([...size(baseLength), ...size(baseLength + text.length), 0x90, baseLength, text.length, ...Buffer.from(text)]);
}

async function failure(work: Promise<unknown>): Promise<readonly string[]> {
  const thrown = await work.catch((reason: unknown) => reason);
  return thrown instanceof ToolkitError ? [thrown.kind, thrown.message] : [`not refused: ${String(thrown)}`];
}

describe("a pack", () => {
  it("gives objects by their hash, deltas by offset and by hash resolved in whatever order they come", async () => {
    const base = entryBytes({ type: BLOB, bytes: Buffer.from("base") });
    const late = entryBytes({ type: REF_DELTA, base: Buffer.from(blobHash("base+1"), "hex"), bytes: appending(6, "+2") });
    const next = entryBytes({ type: OFS_DELTA, base: Buffer.from([late.length + base.length]), bytes: appending(4, "+1") });
    const objects = await readPack(sealed(3, base, late, next), limits);
    for (const text of ["base", "base+1", "base+1+2"]) {
      expect(objects.read(blobHash(text))).toMatchObject({ type: "blob", bytes: Buffer.from(text) });
    }
    expect(objects.read(blobHash("absent"))).toBeUndefined();
  });

  it("resolves a chain of ten thousand deltas", async () => {
    const parts: Buffer[] = [entryBytes({ type: BLOB, bytes: Buffer.from("a") })];
    for (let length = 0; length < 10_000; length++) {
      const distance = Buffer.from([parts.at(-1)?.length ?? 0]);
      parts.push(entryBytes({ type: OFS_DELTA, base: distance, bytes: Buffer.from([1, 1, 1, 97 + (length % 26)]) }));
    }
    expect((await readPack(sealed(parts.length, ...parts), limits)).size).toBe(10_001);
  });

  it("keeps a large blob out of memory, and knows its hash", async () => {
    const large = "x".repeat(2_000_000);
    const objects = await readPack(pack({ type: BLOB, bytes: Buffer.from(large) }, { type: BLOB, bytes: Buffer.from("after") }), limits);
    expect(objects.read(blobHash(large))).toBe("oversized");
    expect(objects.read(blobHash("after"))).toMatchObject({ bytes: Buffer.from("after") });
  });

  const zeros = Buffer.alloc(5_000_000);
  const hostile: Readonly<Record<string, readonly [Buffer, string, string]>> = {
    "no pack at all": [Buffer.from("hello"), "corrupt", "it has no valid head"],
    "another checksum": [Buffer.concat([pack().subarray(0, -1), Buffer.from([0])]), "corrupt", "its checksum does not match"],
    "fewer objects than it says": [sealed(2, entryBytes({ type: BLOB, bytes: Buffer.from("a") })), "corrupt", "it is cut off"],
    "more objects than it says": [
      sealed(1, entryBytes({ type: BLOB, bytes: zeros.subarray(0, 9) }), Buffer.from("more")),
      "corrupt",
      "bytes follow its last object",
    ],
    "a bomb that declares little": [pack({ type: BLOB, bytes: zeros, claimed: 10 }), "corrupt", "does not have the 10 bytes it declares"],
    "an object smaller than it declares": [pack({ type: BLOB, bytes: Buffer.from("abc"), claimed: 4 }), "corrupt", "does not have the 4 bytes it declares"],
    "a huge object that is declared and not there": [
      pack({ type: BLOB, bytes: Buffer.from("abc"), claimed: 9_000_000 }),
      "corrupt",
      "does not have the 9000000 bytes it declares",
    ],
    "a bomb that declares itself": [
      pack({ type: BLOB, bytes: zeros }, { type: BLOB, bytes: Buffer.concat([zeros, zeros]) }),
      "invalid",
      "unpacks to more than the limit",
    ],
    "a delta without a base": [pack({ type: REF_DELTA, base: Buffer.alloc(20, 1), bytes: appending(4, "x") }), "corrupt", "1 deltas have no base"],
    "a delta that is its own base": [pack({ type: OFS_DELTA, base: Buffer.from([0]), bytes: appending(4, "x") }), "corrupt", "has no base"],
    "a base before the pack": [pack({ type: OFS_DELTA, base: Buffer.from([0xff, 0x7f]), bytes: appending(4, "x") }), "corrupt", "has no base"],
    "a delta for another base": [
      pack({ type: BLOB, bytes: Buffer.from("abc") }, { type: REF_DELTA, base: Buffer.from(blobHash("abc"), "hex"), bytes: appending(4, "x") }),
      "corrupt",
      "its base has another size",
    ],
    "an unknown type": [pack({ type: 5, bytes: Buffer.from("a") }), "corrupt", "of an unknown type"],
    "bytes that do not inflate": [sealed(1, Buffer.from([0x33, 1, 2, 3, 4, 5, 6])), "corrupt", "cannot be inflated"],
  };
  it.each(Object.entries(hostile))("with %s is refused", async (_, [bytes, kind, message]) => {
    expect(await failure(readPack(bytes, limits))).toEqual([kind, expect.stringContaining(message)]);
  });

  it("ends in objects or a ToolkitError, wherever it is damaged", async () => {
    const sound = pack({ type: BLOB, bytes: Buffer.from("abc") }, { type: REF_DELTA, base: Buffer.from(blobHash("abc"), "hex"), bytes: appending(3, "xyz") });
    const body = sound.subarray(0, -20);
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.nat(255), async (at, value) => {
        const damaged = Buffer.from(body);
        damaged[at] = value;
        const whole = Buffer.concat([damaged, createHash("sha1").update(damaged).digest()]);
        const outcome = await readPack(whole, limits).catch((reason: unknown) => reason);
        expect(outcome instanceof ToolkitError || (typeof outcome === "object" && outcome !== null && "size" in outcome)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe("a delta", () => {
  it("ends in bytes or a ToolkitError, whatever it says", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 60 }), (base, delta) => {
        try {
          applyDelta(base, delta);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolkitError);
        }
      }),
    );
  });
});
