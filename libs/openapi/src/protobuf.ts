import { parseJson, setOwn, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { builtinFacts } from "./facts.ts";
import { inGoForm } from "./go-form.ts";
import type { Schema } from "./schema.ts";

/** The four bytes before every Kubernetes object in protobuf. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00] as const;
/** Deeper nesting than any built-in type has; a guard against crafted bodies. */
const MAX_DEPTH = 100;

/** One value as it stands on the wire: a number for wire types 0, 1 and 5, bytes for type 2. */
type WireValue = bigint | Uint8Array;
type Message = ReadonlyMap<number, readonly WireValue[]>;

export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, at) => body[at] === byte);
}

/**
 * Reads a request body of type `application/vnd.kubernetes.protobuf` into the object that the same client would have sent
 * as JSON. Fields that the schema does not know are left out.
 *
 * @throws {ToolkitError} `invalid` for bytes that are no such body or a kind that is not built in
 */
export function decodeProtobuf(body: Uint8Array): JsonObject {
  if (!isProtobuf(body)) throw invalid("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  const unknown = readMessage(body.subarray(MAGIC.length));
  const typeMeta = readMessage(bytesAt(unknown, 1) ?? new Uint8Array());
  const apiVersion = textAt(typeMeta, 1);
  const kind = textAt(typeMeta, 2);
  const schema = builtinFacts().schema(apiVersion, kind) ?? optionsSchema(kind);
  if (schema === undefined) throw invalid(`no kind "${kind}" is registered for version "${apiVersion}"`);
  const object = decodeMessage(bytesAt(unknown, 2) ?? new Uint8Array(), schema, 0);
  return inGoForm({ kind, apiVersion, ...object }, schema);
}

/** Go clients send these options in the version of the object that they delete; upstream has them in every version. */
function optionsSchema(kind: string): Schema | undefined {
  return kind === "DeleteOptions" ? builtinFacts().schema("v1", kind) : undefined;
}

function invalid(message: string, cause?: unknown): ToolkitError {
  return new ToolkitError("invalid", message, { cause });
}

function readMessage(bytes: Uint8Array): Message {
  const fields = new Map<number, WireValue[]>();
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const number = Number(tag >> 3n);
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    values.push(readValue(cursor, Number(tag & 7n)));
  }
  return fields;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(cursor: Cursor, wireType: number): WireValue {
  switch (wireType) {
    case 0:
      return readVarint(cursor);
    case 1:
      return littleEndian(take(cursor, 8));
    case 2:
      return take(cursor, Number(readVarint(cursor)));
    case 5:
      return littleEndian(take(cursor, 4));
    default:
      throw invalid(`proto: illegal wireType ${wireType}`);
  }
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (!Number.isSafeInteger(end) || end > cursor.bytes.length) throw invalid("unexpected EOF");
  const part = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return part;
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw invalid("unexpected EOF");
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw invalid("proto: integer overflow");
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function bytesAt(message: Message, number: number): Uint8Array | undefined {
  const value = message.get(number)?.at(-1);
  return value instanceof Uint8Array ? value : undefined;
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function textAt(message: Message, number: number): string {
  return UTF8.decode(bytesAt(message, number) ?? new Uint8Array());
}

function decodeMessage(bytes: Uint8Array, schema: Schema, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw invalid("proto: nested too deeply");
  const message = readMessage(bytes);
  const object: Record<string, JsonValue> = {};
  const embedded = new Map<number, Message>();
  for (const [name, field] of schema.fields) {
    const number = field.go?.protobufNumber ?? 0;
    if (number === 0) continue;
    const values = number < 1000 ? message.get(number) : embeddedMessage(message, Math.floor(number / 1000), embedded).get(number % 1000);
    if (values === undefined) continue;
    const value = decodeField(values, field, depth + 1);
    if (value !== undefined) object[name] = value;
  }
  return object;
}

/** The embedded struct of Go, whose JSON stands beside that of its owner. */
function embeddedMessage(message: Message, number: number, known: Map<number, Message>): Message {
  const found = known.get(number) ?? readMessage(bytesAt(message, number) ?? new Uint8Array());
  known.set(number, found);
  return found;
}

function decodeField(values: readonly WireValue[], schema: Schema, depth: number): JsonValue | undefined {
  if (schema.type === "array") {
    const items = schema.items;
    return items === undefined ? [] : values.flatMap((value) => decodeField([value], items, depth) ?? []);
  }
  if (schema.type === "object" && schema.fields.size === 0 && schema.format === "" && schema.typeName === "" && schema.values !== undefined)
    return decodeMap(values, schema.values, depth);
  const last = values.at(-1);
  return last === undefined ? undefined : decodeValue(last, schema, depth);
}

function decodeMap(entries: readonly WireValue[], valueSchema: Schema, depth: number): JsonObject {
  const map: Record<string, JsonValue> = {};
  for (const entry of entries) {
    if (!(entry instanceof Uint8Array)) continue;
    const pair = readMessage(entry);
    // why: a list as the value of a map is a message of its own, whose field 1 is the list
    const values = valueSchema.type === "array" ? (readMessage(bytesAt(pair, 2) ?? new Uint8Array()).get(1) ?? []) : (pair.get(2) ?? [new Uint8Array()]);
    setOwn(map, textAt(pair, 1), decodeField(values, valueSchema, depth) ?? null);
  }
  return map;
}

function decodeValue(value: WireValue, schema: Schema, depth: number): JsonValue {
  if (typeof value === "bigint") {
    if (schema.type === "boolean") return value !== 0n;
    if (schema.format === "double") return new DataView(new BigUint64Array([value]).buffer).getFloat64(0, true);
    const signed = BigInt.asIntN(64, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }
  switch (schema.format) {
    case "byte":
      return Buffer.from(value).toString("base64");
    case "date-time":
      return decodeTime(value, false);
    case "micro-time":
      return decodeTime(value, true);
    case "duration":
      return decodeDuration(value);
    case "quantity":
      return textAt(readMessage(value), 1);
    case "int-or-string":
      return decodeIntOrString(value);
    case "raw-extension":
    case "fields-v1":
      return decodeRaw(value);
    default:
      break;
  }
  if (schema.format.startsWith("schema-or-")) return decodeUnion(value, schema.format, depth);
  if (schema.type === "string") return UTF8.decode(value);
  return schema.type === "any" ? decodeRaw(value) : decodeMessage(value, schema, depth);
}

/** The times that Go can write as JSON, in seconds since 1970. */
const FIRST_SECOND = Date.parse("0000-01-01T00:00:00Z") / 1000;
const LAST_SECOND = Date.parse("9999-12-31T23:59:59Z") / 1000;

/** Seconds and nanoseconds; a time without both is one that is not set. */
function decodeTime(bytes: Uint8Array, hasMicros: boolean): JsonValue {
  const message = readMessage(bytes);
  const seconds = numberAt(message, 1);
  const nanos = numberAt(message, 2);
  // why: Go writes its zero time as an empty message
  if (message.size === 0) return null;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) throw invalid("the year of a time is outside of 0 to 9999");
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return hasMicros ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : `${whole}Z`;
}

function decodeDuration(bytes: Uint8Array): string {
  return `${numberAt(readMessage(bytes), 1) / 1e9}s`;
}

function decodeIntOrString(bytes: Uint8Array): JsonValue {
  const message = readMessage(bytes);
  return numberAt(message, 1) === 0 ? Number(BigInt.asIntN(32, BigInt(numberAt(message, 2)))) : textAt(message, 3);
}

function numberAt(message: Message, number: number): number {
  const value = message.get(number)?.at(-1);
  return typeof value === "bigint" ? Number(BigInt.asIntN(64, value)) : 0;
}

/** JSON inside protobuf: RawExtension, FieldsV1 and the free-form values of a CustomResourceDefinition. */
function decodeRaw(bytes: Uint8Array): JsonValue {
  const raw = bytesAt(readMessage(bytes), 1);
  if (raw === undefined || raw.length === 0) return null;
  try {
    return isProtobuf(raw) ? decodeProtobuf(raw) : parseJson(UTF8.decode(raw));
  } catch (cause) {
    throw invalid("the raw part of the body is neither JSON nor a built-in kind", cause);
  }
}

const JSON_SCHEMA = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/** Messages of a CustomResourceDefinition that are one of two things in JSON: a schema, or else a boolean or a list. */
function decodeUnion(bytes: Uint8Array, format: string, depth: number): JsonValue {
  const message = readMessage(bytes);
  const schemaField = format === "schema-or-bool" ? 2 : 1;
  const schema = bytesAt(message, schemaField);
  const props = builtinFacts().type(JSON_SCHEMA);
  if (props === undefined) throw new ToolkitError("internal", "the facts lack JSONSchemaProps");
  const read = (one: Uint8Array): JsonObject => inGoForm(decodeMessage(one, props, depth), props);
  if (schema !== undefined) return read(schema);
  if (format === "schema-or-bool") return numberAt(message, 1) !== 0;
  const parts = (message.get(2) ?? []).filter((one) => one instanceof Uint8Array);
  return format === "schema-or-array" ? parts.map(read) : parts.map((one) => UTF8.decode(one));
}
