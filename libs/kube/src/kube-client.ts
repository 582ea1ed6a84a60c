import type { LiveObject, Manifest } from "@plumb/api";
import type { JsonValue } from "@plumb/std";

/** One resource type as discovery names it. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in the URL. */
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

/** A resource type without what discovery adds; enough to build a URL. */
export type ResourceName = Pick<Resource, "group" | "version" | "plural">;

/** Names one object. No namespace means cluster scope. */
export interface ObjectName {
  readonly resource: ResourceName;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects in one page; 500 unless set. */
  readonly pageSize?: number;
  /** Ask for `PartialObjectMetadata` only. */
  readonly metadataOnly?: boolean;
  /** With `resourceVersionMatch=NotOlderThan`. */
  readonly notOlderThan?: string;
  /** Called for each object as soon as it is parsed, so that what is not needed never piles up. */
  readonly transform?: (object: LiveObject) => LiveObject;
  readonly signal: AbortSignal;
}

export interface WatchOptions extends Omit<ListOptions, "pageSize" | "notOlderThan"> {
  readonly resourceVersion: string;
  /** Begin with what is there, each as a `put`, then a bookmark with `isInitialEnd`; `resourceVersion` may be empty then. */
  readonly sendInitialEvents?: boolean;
}

export interface ObjectList<Obj = LiveObject> {
  readonly items: readonly Obj[];
  readonly resourceVersion: string;
}

export type WatchEvent<Obj = LiveObject> =
  | { readonly kind: "put"; readonly item: Obj }
  | { readonly kind: "gone"; readonly item: Obj }
  | { readonly kind: "bookmark"; readonly resourceVersion: string; readonly isInitialEnd?: boolean };

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly subresource?: "status" | "scale";
  /** Ask for the metadata of the answer only. */
  readonly metadataOnly?: boolean;
  readonly signal: AbortSignal;
}

export interface PatchOptions {
  readonly type: "json" | "merge" | "strategic";
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  readonly subresource?: "status" | "scale";
  /** Ask for the metadata of the answer only. */
  readonly metadataOnly?: boolean;
  readonly signal: AbortSignal;
}

export interface CreateOptions {
  readonly fieldManager: string;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

export interface DeleteOptions {
  readonly propagation: "Background" | "Foreground" | "Orphan";
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
}

/**
 * One API server under one identity. Every failure is a ToolkitError made in this package; unknown fields and 64-bit
 * integers come through unharmed. Every request has a deadline of its own besides `signal`.
 */
export interface KubeClient {
  /** undefined when the object is not there. @throws {ToolkitError} `missing` only when the resource type is not served */
  get(object: ObjectName, options: { readonly signal: AbortSignal; readonly metadataOnly?: boolean }): Promise<LiveObject | undefined>;
  /** All pages. */
  list(resource: ResourceName, options: ListOptions): Promise<ObjectList>;
  /** Ends when the server ends it. @throws {ToolkitError} `conflict` when the version has expired */
  watch(resource: ResourceName, options: WatchOptions): AsyncIterable<WatchEvent>;
  create(resource: ResourceName, object: Manifest, options: CreateOptions): Promise<LiveObject>;
  /** Server-side apply of the whole manifest, whose `metadata` names the object. A dry run that would create answers without `resourceVersion`. */
  apply(resource: ResourceName, object: Manifest, options: ApplyOptions): Promise<LiveObject>;
  patch(object: ObjectName, patch: JsonValue, options: PatchOptions): Promise<LiveObject>;
  /** `gone` when it was not there. */
  delete(object: ObjectName, options: DeleteOptions): Promise<"deleted" | "gone">;
  /** The resource of a kind. Looked up again, once, for one that is not known. @throws {ToolkitError} `missing` "no matches for kind …" */
  resourceFor(kind: { readonly apiVersion: string; readonly kind: string }, signal: AbortSignal): Promise<Resource>;
  /**
   * The same at the version that the server prefers, for an object that may have been written at one that is served no longer.
   *
   * @throws {ToolkitError} `unavailable` instead of `missing` where the group cannot be read, as its aggregated server is away
   */
  resourceOf(kind: { readonly group: string; readonly kind: string }, signal: AbortSignal): Promise<Resource>;
}
