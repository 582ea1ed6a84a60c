import type { JsonObject } from "@plumb/std";

/** One element of `metadata.managedFields`, as it is stored; the wire form of meta/v1 ManagedFieldsEntry. */
export interface ManagedEntry extends JsonObject {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  /** RFC 3339 in whole seconds. */
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
}
