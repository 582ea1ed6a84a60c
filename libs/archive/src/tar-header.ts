import { isUtf8 } from "node:buffer";

/** The parts of POSIX ustar (IEEE 1003.1, pax) that artifacts use. */
export const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

export interface TarHeader {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly sizeBytes: number;
}

/** Where each field lies. */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  time: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 6],
  version: [263, 2],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

/**
 * A header without owner and time, so that equal content gives equal bytes (S-073). A name that does not fit, or is not ASCII,
 * is preceded by a pax record; what stands in its stead is what Go writes there.
 */
export function encodeHeader({ name, type, mode, sizeBytes }: TarHeader): Uint8Array {
  const split = splitName(name);
  if (split !== undefined) return block({ ...split, type, mode, sizeBytes });
  const record = paxRecord("path", name);
  return Buffer.concat([
    block({ name: shortened(name.replace(/[^/]*$/, "PaxHeaders.0/$&")), prefix: "", type: "x", mode: 0, sizeBytes: record.length }),
    record,
    padding(record.length),
    block({ name: shortened(name), prefix: "", type, mode, sizeBytes }),
  ]);
}

/** The ASCII of a name, as much as fits. */
function shortened(name: string): string {
  return name
    .replaceAll(/[^\x20-\x7e]/g, "")
    .slice(0, NAME_BYTES)
    .replace(/\/+$/, "");
}

/** Zeros up to the next block. */
export function padding(sizeBytes: number): Uint8Array {
  return Buffer.alloc(bytesToNextBlock(sizeBytes));
}

/** Bytes after content of `sizeBytes` where the next block begins. */
export function bytesToNextBlock(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (/[^\x20-\x7e]/.test(name)) return undefined;
  if (name.length <= NAME_BYTES) return { name, prefix: "" };
  const slash = name.lastIndexOf("/", PREFIX_BYTES);
  if (slash < 1 || name.length - slash - 1 > NAME_BYTES) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function block({ name, prefix, type, mode, sizeBytes }: TarHeader & { readonly prefix: string }): Uint8Array {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  const put = (field: keyof typeof FIELDS, text: string): void => void bytes.write(text, FIELDS[field][0], "latin1");
  const octal = (field: keyof typeof FIELDS, value: number): void => put(field, value.toString(8).padStart(FIELDS[field][1] - 1, "0"));
  put("name", name);
  octal("mode", mode);
  octal("uid", 0);
  octal("gid", 0);
  octal("size", sizeBytes);
  octal("time", 0);
  put("checksum", " ".repeat(8));
  put("type", type);
  put("magic", "ustar");
  put("version", "00");
  put("prefix", prefix);
  put("checksum", `${sum(bytes).toString(8).padStart(6, "0")}\0 `);
  return bytes;
}

/** Reads a header block; undefined for one whose checksum or numbers are wrong, or whose name is not UTF-8. */
export function decodeHeader(bytes: Buffer): TarHeader | undefined {
  const sizeBytes = numberAt(bytes, "size");
  const mode = numberAt(bytes, "mode");
  if (sizeBytes === undefined || mode === undefined || numberAt(bytes, "checksum") !== sum(bytes)) return undefined;
  const isUstar = bytesAt(bytes, "magic").toString() === "ustar" && bytesAt(bytes, "version").toString() === "00";
  const [nameBytes, prefixBytes] = [bytesAt(bytes, "name"), isUstar ? bytesAt(bytes, "prefix") : Buffer.alloc(0)];
  if (!isUtf8(nameBytes) || !isUtf8(prefixBytes)) return undefined;
  const [name, prefix] = [nameBytes.toString(), prefixBytes.toString()];
  const type = String.fromCharCode(bytes[FIELDS.type[0]] ?? 0);
  return { name: prefix === "" ? name : `${prefix}/${name}`, type: type === "\0" ? "0" : type, mode, sizeBytes };
}

/** The sum of all bytes, the checksum's own counted as spaces. */
function sum(bytes: Buffer): number {
  const [start, length] = FIELDS.checksum;
  let total = 0;
  // why: by index, for an iterator makes an object a byte
  for (let index = 0; index < bytes.length; index++) total += index >= start && index < start + length ? 0x20 : (bytes[index] ?? 0);
  return total;
}

/** A field up to its first NUL. */
function bytesAt(bytes: Buffer, field: keyof typeof FIELDS): Buffer {
  const [start, length] = FIELDS[field];
  const part = bytes.subarray(start, start + length);
  const end = part.indexOf(0);
  return end === -1 ? part : part.subarray(0, end);
}

/** Octal text, or GNU's base 256; undefined for anything else, and for what is negative or not exact. */
function numberAt(bytes: Buffer, field: keyof typeof FIELDS): number | undefined {
  const [start, length] = FIELDS[field];
  const part = bytes.subarray(start, start + length);
  if (((part[0] ?? 0) & 0x80) !== 0) {
    if (part[0] !== 0x80) return undefined;
    const value = part.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = part.toString("latin1").replace(/^[ \0]+|[ \0]+$/g, "");
  if (text === "") return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
