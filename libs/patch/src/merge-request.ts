import type { JsonObject } from "@plumb/std";
import type { FieldSet } from "./field-set.ts";
import type { ManagedEntry } from "./managed-entry.ts";
import type { PatchSchema } from "./patch-schema.ts";
import type { FieldPath } from "./path-element.ts";

/** One version of the object's kind. */
export interface VersionView {
  readonly schema: PatchSchema;
  /** The object in this version, defaults as they are. Not called for the version that the object has. */
  convert(object: JsonObject): JsonObject;
}

/** What an apply and an update have in common. Objects are whole; their `metadata.managedFields` is not looked at. */
interface MergeContext {
  /** Version of the request, such as `apps/v1`; `schema` and all objects are of it. */
  readonly apiVersion: string;
  readonly schema: PatchSchema;
  /** Name of the writer; empty counts as `unknown`. */
  readonly manager: string;
  /** Such as `status`; left out for the main resource. */
  readonly subresource?: string | undefined;
  /** RFC 3339 in whole seconds, UTC. Undefined leaves the new entry without a time, as a write of `scale` does. */
  readonly now: string | undefined;
  /** The other versions that are served; one that is not known drops out of the managed fields. */
  readonly versions?: ((apiVersion: string) => VersionView | undefined) | undefined;
  /** Fields, with all below them, that this endpoint resets (`status` of the main resource): nobody owns them through it. */
  readonly resetFields?: FieldSet | undefined;
}

export interface ApplyRequest extends MergeContext {
  /** The stored object with its defaults, or `empty` when there is none. */
  readonly live: JsonObject;
  /** The empty object of its type: `apiVersion`, `kind` and the zero values that Go never leaves out. */
  readonly empty: JsonObject;
  /** True when there is no object yet. */
  readonly isCreate: boolean;
  readonly applied: JsonObject;
  /** The stored entries; undefined or empty where nothing is tracked. */
  readonly managedFields: readonly ManagedEntry[] | undefined;
  readonly force: boolean;
}

/** A field that another manager owns with another value. */
export interface FieldConflict {
  readonly manager: string;
  readonly operation: string;
  readonly subresource: string | undefined;
  readonly apiVersion: string;
  readonly time: string | undefined;
  readonly path: FieldPath;
  /** Such as `.spec.template.spec.containers[name="app"].image`. */
  readonly field: string;
  /** Such as `conflict with "kubectl-edit" using apps/v1`. */
  readonly message: string;
}

export type ApplyResult =
  | {
      readonly kind: "applied";
      /** The merged object, nulls that were applied included, without `metadata.managedFields`. */
      readonly object: JsonObject;
      readonly managedFields: readonly ManagedEntry[];
      /** False when the object is what it was; its owners may have changed all the same. */
      readonly isChanged: boolean;
    }
  | { readonly kind: "conflict"; readonly conflicts: readonly FieldConflict[]; readonly message: string }
  /** The applied object does not fit its schema: the API server answers 500 with this message. */
  | { readonly kind: "untyped"; readonly message: string };

export interface UpdateRequest extends MergeContext {
  /** The stored object, or the empty object of its type for a create. */
  readonly before: JsonObject;
  readonly isCreate: boolean;
  /** What will be stored. */
  readonly after: JsonObject;
  readonly managedFields: readonly ManagedEntry[] | undefined;
  /**
   * `metadata.managedFields` of the request, undefined when it has none. An empty list, or one empty entry, wipes; what
   * cannot be read counts as absent. Ignored for a subresource.
   */
  readonly requested?: readonly ManagedEntry[] | undefined;
}
