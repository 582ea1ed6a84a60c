import { ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { goYamlNumber } from "./go-number.ts";
import { sortKeys } from "./key-order.ts";
import { INDENT, put, startLine, writeKey, writeScalar, type NodePosition, type Sink } from "./write-scalar.ts";

/**
 * Writes a value as `sigs.k8s.io/yaml` and so kustomize do: keys sorted, two spaces, long plain text folded at 80 columns.
 * Ends in a line break. A key whose value is `undefined` is left out.
 *
 * @throws {ToolkitError} `invalid` for what JSON or Go's reader cannot hold: NaN, an infinity, a control character
 */
export function stringify(value: JsonValue): string {
  const sink: Sink = { text: "", column: 0 };
  writeNode(sink, value, -1, "root");
  if (sink.column > 0) sink.text += "\n";
  return sink.text;
}

/** @param indent column of the collection that the node is in; -1 at the top */
function writeNode(sink: Sink, value: JsonValue, indent: number, place: NodePosition): void {
  if (typeof value === "object" && value !== null) {
    if (isArray(value)) writeSequence(sink, value, indent, place);
    else writeMapping(sink, value, indent, place);
    return;
  }
  if (place !== "root") put(sink, " ");
  if (typeof value === "string") writeScalar(sink, value, indent < 0 ? INDENT : indent + INDENT);
  else put(sink, plain(value));
}

function plain(value: null | boolean | number | bigint): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ToolkitError("invalid", `json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`);
  }
  return goYamlNumber(value);
}

function writeMapping(sink: Sink, value: JsonObject, indent: number, place: NodePosition): void {
  const own = indent < 0 ? 0 : indent + INDENT;
  let isFirst = true;
  for (const key of sortKeys(Object.keys(value))) {
    const item = value[key];
    if (item === undefined) continue;
    startLine(sink, own, isFirst && place !== "value");
    isFirst = false;
    const isLate = writeKey(sink, key, own);
    writeNode(sink, item, own, isLate ? "late-value" : "value");
  }
  if (isFirst) put(sink, place === "root" ? "{}" : " {}");
}

function writeSequence(sink: Sink, items: readonly JsonValue[], indent: number, place: NodePosition): void {
  if (items.length === 0) return put(sink, place === "root" ? "[]" : " []");
  const own = indent < 0 ? 0 : place === "value" ? indent : indent + INDENT;
  let isFirst = true;
  for (const item of items) {
    startLine(sink, own, isFirst && place !== "value");
    isFirst = false;
    put(sink, "-");
    writeNode(sink, item, own, "item");
  }
}

function isArray(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
