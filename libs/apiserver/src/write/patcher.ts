import { applyJsonPatch, applyMergePatch, applyStrategicMerge, PatchError } from "@plumb/patch";
import { isObject, parseJson, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import { draftOf, objectAt, textAt, valueAt, without, type Draft } from "../draft.ts";
import { decodeOrRefuse } from "../http/decode-object.ts";
import { duplicateJsonKeys, duplicateYamlKeys } from "../http/duplicate-keys.ts";
import { badRequest, invalid, invalidObject, Refusal, serverError, tooLargeBody, unsupportedMedia } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { WireMismatch } from "../wire/decode.ts";
import { apply, ownAfterUpdate, type Writer } from "./ownership.ts";
import type { QueryOptions } from "./write-options.ts";

export type PatchType = "json" | "merge" | "strategic" | "apply";

const TYPES: ReadonlyMap<string, PatchType> = new Map([
  ["application/json-patch+json", "json"],
  ["application/merge-patch+json", "merge"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
]);

/** Source: `maxJSONPatchOperations` of the API server. */
const MAX_OPERATIONS = 10_000;

/** @throws {Refusal} 415 */
export function patchType(mediaType: string, isCustom: boolean): PatchType {
  const type = TYPES.get(mediaType);
  if (type === undefined) throw unsupportedMedia("415: Unsupported Media Type", {});
  if (type === "strategic" && isCustom) {
    throw unsupportedMedia(
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  }
  return type;
}

/** A patch that has been read; makes the new object of the live one. */
export interface Patch {
  readonly type: PatchType;
  /** The uid that an apply names. */
  readonly uid: string | undefined;
  make(live: JsonObject | undefined): Draft;
}

export interface PatchContext {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly options: QueryOptions;
  readonly writer: Writer;
  readonly warn: (text: string) => void;
}

/** @throws {Refusal} 400 for a body that is no patch of its type, 413 for one with too many operations */
export function readPatch(type: PatchType, text: string, context: PatchContext): Patch {
  return type === "apply" ? readApply(text, context) : readPlain(type, text, context);
}

function readPlain(type: Exclude<PatchType, "apply">, text: string, context: PatchContext): Patch {
  const patch = parsePatch(type, text);
  const repeated = [...duplicateJsonKeys(text).map((path) => `duplicate field ${JSON.stringify(path)}`), ...(type === "json" ? unknownMembers(patch) : [])];
  return {
    type,
    uid: undefined,
    make(live) {
      if (live === undefined) throw new Refusal(404, "NotFound", "not found");
      const patched = patchedObject(type, live, patch, context.resource);
      const draft = decodePatched(patched, repeated, context);
      checkPlace(draft, context);
      return draftOf(ownAfterUpdate(context.resource, live, draft, objectAt(patched, "metadata")?.["managedFields"], context.writer));
    },
  };
}

function parsePatch(type: Exclude<PatchType, "apply">, text: string): JsonValue {
  let patch: JsonValue;
  try {
    patch = parseJson(text);
  } catch (thrown) {
    throw badRequest(`error decoding patch: ${thrown instanceof Error ? thrown.message : ""}`);
  }
  // Go decodes null into no operations, and into a map without members.
  if (patch === null && type !== "merge") return type === "json" ? [] : {};
  if (type === "json") {
    if (!Array.isArray(patch)) throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
    if (patch.length > MAX_OPERATIONS) throw tooLargeBody(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`);
    return patch;
  }
  if (isObject(patch)) return patch;
  throw badRequest(patch === null ? "Invalid JSON Patch" : "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
}

const OPERATION_MEMBERS: ReadonlySet<string> = new Set(["op", "path", "from", "value"]);

/** What no operation of a JSON patch has. */
function unknownMembers(patch: JsonValue): readonly string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation: JsonValue, index) =>
    (isObject(operation) ? Object.keys(operation) : [])
      .filter((key) => !OPERATION_MEMBERS.has(key))
      .map((key) => `json patch unknown field "[${index}].${key}"`),
  );
}

function patchedObject(type: Exclude<PatchType, "apply">, live: JsonObject, patch: JsonValue, resource: Resource): JsonObject {
  try {
    const result =
      type === "json"
        ? applyJsonPatch(live, patch)
        : type === "merge"
          ? applyMergePatch(live, objectAt(patch) ?? {})
          : applyStrategicMerge(live, objectAt(patch) ?? {}, resource.schema);
    return isObject(result) ? typed(result, live, type, resource) : {};
  } catch (thrown) {
    if (thrown instanceof PatchError) throw refusalOf(thrown);
    throw thrown;
  }
}

/** A built-in object is what its path says: a patch may take its kind away, and a strategic one cannot change it. */
function typed(patched: JsonObject, live: JsonObject, type: PatchType, { isCustom }: Resource): JsonObject {
  if (isCustom) return patched;
  const { apiVersion, kind } = live;
  return type === "strategic"
    ? { ...patched, apiVersion, kind }
    : { ...patched, apiVersion: patched["apiVersion"] ?? apiVersion, kind: patched["kind"] ?? kind };
}

function refusalOf(error: PatchError): Refusal {
  switch (error.answer) {
    case "bad-request":
      return badRequest(error.message);
    case "unprocessable":
      return new Refusal(422, "Invalid", "the server rejected our request due to an error in our request", {});
    case "internal":
      return serverError(error.message);
    default:
      return error.answer satisfies never;
  }
}

/** The name in a body is that of the path. @throws {Refusal} 400 */
export function checkName(own: string, name: string): void {
  if (own === "") throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
}

/** A patch moves no object. @throws {Refusal} 400 */
function checkPlace(draft: Draft, { namespace, name, resource }: PatchContext): void {
  checkName(textAt(draft, "metadata", "name") ?? "", name);
  const ownNamespace = textAt(draft, "metadata", "namespace") ?? "";
  if (resource.isNamespaced && ownNamespace !== "" && ownNamespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

/** A patched object that does not decode is invalid as a whole, and says so of the patch. */
function decodePatched(patched: JsonObject, repeated: readonly string[], { resource, options, warn }: PatchContext): Draft {
  const unfit = (why: string): Refusal => invalidObject("", "", "", [invalid("patch", JSON.stringify(patched), why)]);
  // A custom resource is told so when it is checked.
  const hasOtherKind = textAt(patched, "kind") !== resource.kind || textAt(patched, "apiVersion") !== resource.apiVersion;
  if (hasOtherKind && !resource.isCustom)
    throw unfit(`no kind ${JSON.stringify(patched["kind"] ?? "")} is registered for version ${JSON.stringify(patched["apiVersion"] ?? "")}`);
  return decodeOrRefuse(resource, patched, repeated, { fieldValidation: options.fieldValidation, warn }, unfit);
}

function readApply(text: string, context: PatchContext): Patch {
  const applied = parseApplied(text, context);
  return {
    type: "apply",
    uid: textAt(applied, "metadata", "uid"),
    make(live) {
      const object = apply(context.resource, live, applied, context.options.force === true, context.writer);
      const draft = decodeApplied(object, context);
      // Merged managed fields are written by the server: they are not decoded with the rest.
      const entries = valueAt(object, "metadata", "managedFields");
      const namespace = context.resource.isNamespaced ? { namespace: context.namespace } : {};
      return draftOf({ ...draft, metadata: { ...objectAt(draft, "metadata"), ...namespace, ...(entries === undefined ? {} : { managedFields: entries }) } });
    },
  };
}

function decodeApplied(object: JsonObject, { resource }: PatchContext): Draft {
  try {
    return resource.codec.merged(object);
  } catch (thrown) {
    if (thrown instanceof WireMismatch) throw serverError(`failed to convert merged object at version ${resource.apiVersion}: ${thrown.message}`);
    throw thrown;
  }
}

function parseApplied(text: string, { resource, namespace, name, options, warn }: PatchContext): JsonObject {
  const value = parseYaml(text);
  const repeated = duplicateYamlKeys(text);
  if (options.fieldValidation === "Strict" && repeated.length > 0) {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${repeated.join("\n  ")}`);
  }
  if (options.fieldValidation === "Warn") repeated.forEach(warn);
  if (!isObject(value))
    throw badRequest(
      "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
  const apiVersion = textAt(value, "apiVersion") ?? "";
  const kind = textAt(value, "kind") ?? "";
  if (resource.schemaOf(apiVersion) === undefined || kind !== resource.kind) throw badRequest(`invalid object type: ${shownVersion(apiVersion)}, Kind=${kind}`);
  if (valueAt(value, "metadata", "managedFields") !== undefined && valueAt(value, "metadata", "managedFields") !== null)
    throw badRequest("metadata.managedFields must be nil");
  const own = textAt(value, "metadata", "name") ?? "";
  if (own !== "" || (textAt(value, "metadata", "generateName") ?? "") === "") checkName(own, name);
  const ownNamespace = textAt(value, "metadata", "namespace") ?? "";
  if (ownNamespace !== "" && ownNamespace !== namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  return { ...value, metadata: { ...without(objectAt(value, "metadata") ?? {}, "managedFields"), name } };
}

function shownVersion(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
}

function parseYaml(text: string): JsonValue {
  try {
    return parseOne(text, { dialect: "kubernetes" });
  } catch (thrown) {
    if (thrown instanceof ToolkitError) throw badRequest(`error decoding YAML: error converting YAML to JSON: ${thrown.message}`);
    throw thrown;
  }
}
