import { crc32 } from "node:zlib";

/**
 * One record of the spool's log: the mark `PSP1`, what it is (1 added, 2 removed), the id as 48 bits, the length and the
 * CRC-32 of all but mark and CRC as 32 bits each, then the payload. Numbers are big-endian.
 */
const MARK = Buffer.from("PSP1");
export const HEADER_BYTES = 19;
const ADDED = 1;
const REMOVED = 2;

export interface SpoolRecord {
  readonly id: number;
  readonly isRemoval: boolean;
  /** Where the payload starts in the log. */
  readonly offset: number;
  readonly sizeBytes: number;
}

export function encodeRecord(id: number, payload: Uint8Array | undefined): Uint8Array {
  const record = Buffer.alloc(HEADER_BYTES + (payload?.length ?? 0));
  MARK.copy(record);
  record.writeUInt8(payload === undefined ? REMOVED : ADDED, 4);
  record.writeUIntBE(id, 5, 6);
  record.writeUInt32BE(payload?.length ?? 0, 11);
  if (payload !== undefined) record.set(payload, HEADER_BYTES);
  record.writeUInt32BE(checksum(record), 15);
  return record;
}

/** Reads every whole record. What is torn or damaged is passed over, up to the next mark that begins a whole record. */
export function decodeRecords(log: Buffer): readonly SpoolRecord[] {
  const records: SpoolRecord[] = [];
  for (let at = log.indexOf(MARK); at !== -1;) {
    const record = recordAt(log, at);
    if (record !== undefined) records.push(record);
    at = log.indexOf(MARK, record === undefined ? at + 1 : record.offset + record.sizeBytes);
  }
  return records;
}

function recordAt(log: Buffer, at: number): SpoolRecord | undefined {
  if (at + HEADER_BYTES > log.length) return undefined;
  const kind = log.readUInt8(at + 4);
  const sizeBytes = log.readUInt32BE(at + 11);
  const end = at + HEADER_BYTES + sizeBytes;
  if ((kind !== ADDED && kind !== REMOVED) || end > log.length) return undefined;
  if (checksum(log.subarray(at, end)) !== log.readUInt32BE(at + 15)) return undefined;
  return { id: log.readUIntBE(at + 5, 6), isRemoval: kind === REMOVED, offset: at + HEADER_BYTES, sizeBytes };
}

function checksum(record: Buffer): number {
  return crc32(record.subarray(HEADER_BYTES), crc32(record.subarray(4, 15)));
}
