import { ToolkitError } from "@plumb/std";

/** Sizes at the head of a delta, and where its instructions begin (gitformat-pack, "Deltified representation"). */
export interface DeltaHead {
  readonly baseBytes: number;
  readonly resultBytes: number;
  readonly start: number;
}

/** @throws {ToolkitError} `corrupt` */
export function readDeltaHead(delta: Uint8Array): DeltaHead {
  const base = varint(delta, 0);
  const result = varint(delta, base.next);
  return { baseBytes: base.value, resultBytes: result.value, start: result.next };
}

/**
 * Rebuilds an object from its base.
 *
 * @throws {ToolkitError} `corrupt` for a delta that does not fit its base or writes other than the size it declares
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Buffer {
  const { baseBytes, resultBytes, start } = readDeltaHead(delta);
  if (baseBytes !== base.length) throw malformed("its base has another size");
  const result = Buffer.allocUnsafe(resultBytes);
  let from = start;
  let to = 0;
  while (from < delta.length) {
    const instruction = delta[from++] ?? 0;
    if (instruction === 0) throw malformed("it holds the reserved instruction");
    if (instruction < 0x80) {
      if (from + instruction > delta.length || to + instruction > resultBytes) throw malformed("an insert goes over its end");
      result.set(delta.subarray(from, from + instruction), to);
      from += instruction;
      to += instruction;
      continue;
    }
    let offset = 0;
    let size = 0;
    for (let bit = 0; bit < 4; bit++) if (instruction & (1 << bit)) offset += (delta[from++] ?? 0) * 2 ** (8 * bit);
    for (let bit = 0; bit < 3; bit++) if (instruction & (0x10 << bit)) size += (delta[from++] ?? 0) * 2 ** (8 * bit);
    if (size === 0) size = 0x1_0000;
    if (offset + size > base.length || to + size > resultBytes) throw malformed("a copy goes over its end");
    result.set(base.subarray(offset, offset + size), to);
    to += size;
  }
  if (to !== resultBytes) throw malformed("it writes fewer bytes than it declares");
  return result;
}

function varint(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = start, scale = 1; index < bytes.length && index - start < 7; index++, scale *= 0x80) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: index + 1 };
  }
  throw malformed("its head is cut off");
}

function malformed(why: string): ToolkitError {
  return new ToolkitError("corrupt", `malformed delta: ${why}`);
}
