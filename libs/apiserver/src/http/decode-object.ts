import type { JsonObject } from "@plumb/std";
import type { Draft } from "../draft.ts";
import { badRequest } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { WireMismatch } from "../wire/decode.ts";
import type { FieldValidation } from "../write/write-options.ts";

export interface Decoding {
  readonly fieldValidation: FieldValidation;
  readonly warn: (text: string) => void;
}

/**
 * Reads a body as the kind; what is not of the kind is told as `fieldValidation` says.
 *
 * @param repeated what the parser has found against the text
 * @throws {Refusal} 400
 */
export function decodeObject(resource: Resource, body: JsonObject, repeated: readonly string[], decoding: Decoding): Draft {
  const unknown: string[] = [];
  const unfit = (why: string): Error =>
    badRequest(`${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: ${why}`);
  let draft: Draft;
  try {
    draft = resource.codec.decode(body, unknown);
  } catch (thrown) {
    if (thrown instanceof WireMismatch) throw unfit(thrown.message);
    throw thrown;
  }
  const faults = strictFaults(repeated, unknown);
  if (decoding.fieldValidation === "Strict" && faults.length > 0) throw unfit(`strict decoding error: ${faults.join(", ")}`);
  if (decoding.fieldValidation === "Warn") faults.forEach(decoding.warn);
  return draft;
}

export function strictFaults(repeated: readonly string[], unknown: readonly string[]): readonly string[] {
  return [...repeated, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)];
}
