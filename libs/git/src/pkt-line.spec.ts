import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packet, PacketReader, type Packet } from "./pkt-line.ts";

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, size: number): Promise<readonly Packet[]> {
  const reader = new PacketReader(pieces(bytes, size));
  const read: Packet[] = [];
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) read.push(next);
  return read;
}

describe("packets", () => {
  it("come back as they were written, however the stream is cut", async () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(payloads, fc.integer({ min: 1, max: 50 }), async (written, size) => {
        const bytes = Buffer.concat([...written.map((payload) => packet(payload)), Buffer.from("0000"), Buffer.from("0001")]);
        const read = await readAll(bytes, size);
        expect(read.map((one) => (one.kind === "data" ? [...one.payload] : one.kind))).toEqual([...written.map((payload) => [...payload]), "flush", "delim"]);
      }),
    );
  });

  it.each([
    ["0003", "corrupt", 'invalid pkt-len "0003"'],
    ["zzzz", "corrupt", 'invalid pkt-len "zzzz"'],
    ["fff1", "corrupt", 'invalid pkt-len "fff1"'],
    ["<htm", "corrupt", 'invalid pkt-len "<htm"'],
    ["000", "unavailable", "unexpected EOF"],
    ["0009abc", "unavailable", "unexpected EOF"],
  ])("refuse %j", async (text, kind, message) => {
    const thrown = await readAll(Buffer.from(text), 2).catch((reason: unknown) => reason);
    expect(thrown).toMatchObject({ kind, message });
  });

  it("end in packets or a ToolkitError, whatever a server sends", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const outcome = await readAll(bytes, 7).catch((reason: unknown) => reason);
        expect(Array.isArray(outcome) || outcome instanceof ToolkitError).toBe(true);
      }),
    );
  });
});
