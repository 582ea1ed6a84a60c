import type { Schema, SubresourceFacts } from "@plumb/openapi";
import type { FieldSet } from "@plumb/patch";
import type { JsonObject } from "@plumb/std";
import type { Draft } from "./draft.ts";
import type { FieldFault } from "./refusal.ts";
import type { SelectableFields } from "./select/field-selector.ts";
import type { NameRule } from "./validation/names.ts";

/** What was asked for, or why it cannot be had. */
export type Allocated<Value> = { readonly kind: "held"; readonly value: Value } | { readonly kind: "refused"; readonly why: string };

/** What a write may ask of the server besides the object itself. */
export interface WriteContext {
  /** The time of the write, RFC 3339 in whole seconds, UTC. */
  readonly now: string;
  readonly isDryRun: boolean;
  /** An address for a Service: the wanted one, or the next free one. */
  allocateAddress(wanted: string | undefined): Allocated<string>;
  allocateNodePort(wanted: number | undefined): Allocated<number>;
  /** A stored object, to look up what another refers to. */
  find(collection: string, key: string): JsonObject | undefined;
}

/**
 * What is special about one kind. The order of a write is: `prepare…`, then the checks, then the store. Drafts are private to
 * the write; nothing else is changed.
 */
export interface Rules {
  readonly names: NameRule;
  /** How often upstream checks labels, annotations and owners in an update: each time makes its own causes. */
  readonly metadataChecks: number;
  /** A PUT of an absent name creates it. */
  readonly createsOnUpdate: boolean;
  /** A PUT without a resource version is taken. */
  readonly updatesUnconditionally: boolean;
  /** DELETE answers with the object, not with a Status. */
  readonly answersDeleted: boolean;
  /** Objects may live on for a while after DELETE: only Pods do. */
  readonly deletesGracefully: boolean;
  /** Where a DELETE without a policy orphans dependents: the warning that goes with it, which may be empty. */
  readonly orphansByDefault: string | undefined;
  /** Fields that a write through this endpoint never sets, and so never owns. */
  readonly resetFields: FieldSet;
  readonly statusResetFields: FieldSet;
  prepareCreate(draft: Draft, context: WriteContext): void;
  prepareUpdate(draft: Draft, old: JsonObject, context: WriteContext): void;
  /** Takes from `draft` only what the status endpoint may change. */
  prepareStatus(draft: Draft, old: JsonObject): void;
  validate(object: JsonObject, context: WriteContext): readonly FieldFault[];
  validateUpdate(object: JsonObject, old: JsonObject, context: WriteContext): readonly FieldFault[];
  validateStatus(object: JsonObject, old: JsonObject): readonly FieldFault[];
  /** Texts for the header Warning. */
  warnings(object: JsonObject, old: JsonObject | undefined): readonly string[];
  /** The last step before the object is stored: takes what only one object may have. @throws {Refusal} where another has it */
  allocate(draft: Draft, old: JsonObject | undefined, context: WriteContext): void;
  /** After a DELETE that took the object, or what an update replaced: gives back what `prepare…` has allocated. */
  release(object: JsonObject): void;
}

/** How a request's body becomes an object of the kind. */
export interface Codec {
  /**
   * Reads a body that has the right apiVersion and kind: types checked, unknown members dropped and their paths added to
   * `unknown`, defaults set.
   *
   * @throws {WireMismatch} for a value of the wrong type
   */
  decode(body: JsonObject, unknown: string[]): Draft;
  /** The same for an object that apply has merged, which its schema knows. @throws {WireMismatch} */
  merged(object: JsonObject): Draft;
  /** The object of which nothing is said: apiVersion, kind, and what Go never leaves out. */
  empty(): JsonObject;
  /** As it comes back from storage, which knows no empty lists. */
  settled(object: JsonObject): JsonObject;
  /** What a stored object is to a reader: defaults and pruning of a custom schema; the same object where nothing changes. */
  read(stored: JsonObject): JsonObject;
}

/** The columns of a kind as a table, and the cells of an object. */
export interface TableColumns {
  readonly definitions: readonly JsonObject[];
  cells(object: JsonObject, nowMs: number): readonly (string | number | boolean | null)[];
}

/** How `/scale` sees a kind. Paths are lists of member names. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** Where the selector stands as text; undefined where it is a LabelSelector in `spec.selector`. */
  readonly selectorText: readonly string[] | undefined;
  readonly isCustom: boolean;
}

/** One kind in one version, as it is served. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `v1`, or `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly SubresourceFacts[];
  /** Name of the collection in the store; the same for every version. */
  readonly collection: string;
  /** `apiVersion` of what is stored. */
  readonly storedVersion: string;
  readonly schema: Schema;
  readonly codec: Codec;
  readonly rules: Rules;
  readonly selectable: SelectableFields;
  readonly columns: TableColumns;
  readonly scale: ScalePaths | undefined;
  readonly isCustom: boolean;
  /** Said with every answer of this version; undefined where it is not deprecated. */
  readonly deprecation: string | undefined;
  /** False while the definition is being deleted. */
  readonly acceptsCreate: boolean;
  /** The object in another version of its kind; unknown versions give undefined. */
  convert(object: JsonObject, apiVersion: string): JsonObject | undefined;
  /** Paths of an object that the schema of another version does not declare. */
  undeclared(object: JsonObject, apiVersion: string): readonly string[];
  /** Schema of another served version of the kind. */
  schemaOf(apiVersion: string): Schema | undefined;
}
