import type { JsonObject } from "@plumb/std";

export interface ObjectMeta extends JsonObject {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
}

/** Any Kubernetes object, as far as everybody agrees on it; whatever else it holds stays as it is. */
export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** An object as the API server returns it. */
export interface LiveObject extends Manifest {
  readonly metadata: ObjectMeta & {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
}

/** One manager's share of an object. `fieldsV1` is the set in its wire form. */
export interface ManagedFieldsEntry extends JsonObject {
  readonly manager?: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: JsonObject;
  readonly subresource?: string;
}

export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Splits `apps/v1` and `v1`. */
export function groupVersionKind({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): GroupVersionKind {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? { group: "", version: apiVersion, kind } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

/** `Kind/namespace/name`, or `Kind/name` for what has no namespace: how Flux names an object in messages. */
export function subjectOf({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): string {
  return metadata.namespace === undefined || metadata.namespace === "" ? `${kind}/${metadata.name}` : `${kind}/${metadata.namespace}/${metadata.name}`;
}
