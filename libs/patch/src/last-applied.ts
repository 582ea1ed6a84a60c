import { canonicalJson, isObject, parseJson, type JsonObject, type JsonValue } from "@plumb/std";
import type { FieldSet } from "./field-set.ts";
import type { ApplyResult } from "./merge-request.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { mapOf } from "./shape.ts";
import { compareTyped } from "./typed-compare.ts";
import { fieldsOf } from "./typed-fields.ts";

/** The manager under which `kubectl apply` turns from the client's side to the server's. */
export const CLIENT_SIDE_APPLIER = "kubectl";
const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

function lastApplied(object: JsonObject): string | undefined {
  const text = mapOf(mapOf(object["metadata"])?.["annotations"])?.[ANNOTATION];
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** Fields that client-side apply set and that are as it set them; undefined where there is no such note of this version. */
export function lastAppliedFields(live: JsonObject, apiVersion: string, schema: PatchSchema): FieldSet | undefined {
  const applied = parsed(lastApplied(live));
  if (applied === undefined || applied["apiVersion"] !== apiVersion) return undefined;
  const { added, modified, removed } = compareTyped(applied, live, schema);
  return fieldsOf(applied, schema).difference(modified).difference(added).difference(removed);
}

function parsed(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const value: JsonValue = parseJson(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the note of client-side apply true, where there is one. */
export function withLastApplied(result: Extract<ApplyResult, { kind: "applied" }>, applied: JsonObject): ApplyResult {
  if (lastApplied(result.object) === undefined) return result;
  const metadata = mapOf(result.object["metadata"]) ?? {};
  // why: Go writes maps in the order of their keys
  const note = `${canonicalJson(withoutNote(applied))}\n`;
  const object = { ...result.object, metadata: { ...metadata, annotations: { ...mapOf(metadata["annotations"]), [ANNOTATION]: note } } };
  return { ...result, object };
}

function withoutNote(applied: JsonObject): JsonObject {
  const metadata = mapOf(applied["metadata"]);
  const annotations = mapOf(metadata?.["annotations"]);
  if (annotations?.[ANNOTATION] === undefined) return applied;
  const { [ANNOTATION]: _note, ...rest } = annotations;
  return { ...applied, metadata: { ...metadata, annotations: rest } };
}
