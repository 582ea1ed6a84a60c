import { decodeProtobuf } from "@plumb/openapi";
import { isObject, parseJson, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import { textAt } from "../draft.ts";
import { badRequest, tooLargeBody, unsupportedMedia } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { duplicateJsonKeys, duplicateYamlKeys } from "./duplicate-keys.ts";
import type { ApiRequest } from "./message.ts";

/** Source: `--max-request-bytes` of the API server. */
export const BODY_LIMIT_BYTES: number = 3 * 1024 * 1024;

export type BodyFormat = "json" | "yaml" | "protobuf";

/** A body that has been read, and what a strict reader says against it. */
export interface ParsedBody {
  readonly value: JsonValue;
  /** Such as `duplicate field "data.x"`. */
  readonly repeated: readonly string[];
}

/** The media type of the request, without parameters. */
export function mediaType(request: ApiRequest): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

const FORMATS: ReadonlyMap<string, BodyFormat> = new Map([
  ["", "json"],
  ["application/json", "json"],
  ["application/yaml", "yaml"],
  ["application/vnd.kubernetes.protobuf", "protobuf"],
]);

/** @throws {Refusal} 415 */
export function bodyFormat(request: ApiRequest): BodyFormat {
  const format = FORMATS.get(mediaType(request));
  if (format !== undefined) return format;
  const known = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"].join(", ");
  throw unsupportedMedia(`the body of the request was in an unknown format - accepted media types include: ${known}`);
}

export async function readBytes(request: ApiRequest): Promise<Uint8Array> {
  const bytes = await request.body(BODY_LIMIT_BYTES);
  if (bytes.byteLength > BODY_LIMIT_BYTES) throw tooLargeBody(`limit is ${BODY_LIMIT_BYTES}`);
  return bytes;
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** @throws {SyntaxError | ToolkitError} in the parser's words */
export function parseBody(bytes: Uint8Array, format: BodyFormat): ParsedBody {
  if (format === "protobuf") return { value: decodeProtobuf(bytes), repeated: [] };
  const text = textOf(bytes);
  if (format === "yaml") return { value: parseOne(text, { dialect: "kubernetes" }), repeated: duplicateYamlKeys(text) };
  if (text.trim() === "") throw new SyntaxError("unexpected end of JSON input");
  const value = parseJson(text);
  return { value, repeated: duplicateJsonKeys(text).map((path) => `duplicate field ${JSON.stringify(path)}`) };
}

/** The body of a POST or PUT. @throws {Refusal} 400 in upstream's words */
export function parseObject(bytes: Uint8Array, format: BodyFormat, kind: string): ParsedBody & { readonly value: JsonObject } {
  const unrecognized = (why: string): Error => badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${shownBody(bytes)})`);
  try {
    const parsed = parseBody(bytes, format);
    // Go decodes null into the empty object.
    if (parsed.value === null) return { ...parsed, value: {} };
    if (!isObject(parsed.value)) throw unrecognized("couldn't get version/kind; json parse error: json: cannot unmarshal value into Go value of type struct");
    return { ...parsed, value: parsed.value };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw unrecognized(`couldn't get version/kind; json parse error: ${thrown.message}`);
    if (thrown instanceof ToolkitError) throw unrecognized(thrown.message);
    throw thrown;
  }
}

function shownBody(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return "<empty>";
  const text = textOf(bytes);
  return text.length > 30 ? `${text.slice(0, 30)} ...` : text;
}

/**
 * Checks that a body is of the kind of the path; built-in kinds may leave apiVersion and kind out.
 *
 * @throws {Refusal} 400
 */
export function checkKind(body: JsonObject, resource: Pick<Resource, "group" | "version" | "apiVersion" | "kind" | "isCustom">): void {
  const apiVersion = textAt(body, "apiVersion") ?? "";
  const kind = textAt(body, "kind") ?? "";
  if (resource.isCustom && (kind === "" || apiVersion === "")) {
    const missing = kind === "" ? "Kind" : "apiVersion";
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): Object '${missing}' is missing in '${JSON.stringify(body)}'`);
  }
  if (!resource.isCustom && kind !== "" && kind !== resource.kind) {
    const name = (group: string): string => (group === "" ? "core" : (group.split(".")[0] ?? ""));
    throw badRequest(
      `${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: converting (${resource.version}.${kind}) to (${name(resource.group)}.${resource.kind}): unknown conversion`,
    );
  }
  if (apiVersion !== "" && apiVersion !== resource.apiVersion) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`);
  }
}
