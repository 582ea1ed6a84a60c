import type { JsonObject } from "@plumb/std";
import type { Draft } from "../draft.ts";
import { badRequest, type Refusal } from "../refusal.ts";
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
  const { kind, version } = resource;
  return decodeOrRefuse(resource, body, repeated, decoding, (why) =>
    badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`),
  );
}

/** As `decodeObject`, with the refusal that `unfit` makes. */
export function decodeOrRefuse(resource: Resource, body: JsonObject, repeated: readonly string[], decoding: Decoding, unfit: (why: string) => Refusal): Draft {
  const unknown: string[] = [];
  let draft: Draft;
  try {
    draft = resource.codec.decode(body, unknown);
  } catch (thrown) {
    if (thrown instanceof WireMismatch) throw unfit(thrown.message);
    throw thrown;
  }
  const faults = [...repeated, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)];
  if (decoding.fieldValidation === "Strict" && faults.length > 0) throw unfit(`strict decoding error: ${faults.join(", ")}`);
  if (decoding.fieldValidation === "Warn") faults.forEach(decoding.warn);
  return draft;
}
