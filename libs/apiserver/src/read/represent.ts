import type { JsonObject } from "@plumb/std";
import { objectAt, without } from "../draft.ts";
import type { Negotiated } from "../http/negotiate.ts";
import { badRequest, notAcceptable } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import type { Page } from "./list.ts";

/** How objects of a kind are shown to one client. */
export interface Representation {
  one(object: JsonObject): JsonObject;
  page(page: Page): JsonObject;
  /** For a watch; a table names its columns in its first event only. */
  event(object: JsonObject, isFirst: boolean): JsonObject;
}

/** @param includeObject of the query; for tables */
export function representationOf(resource: Resource, as: Negotiated["as"], includeObject: string, nowMs: () => number): Representation {
  switch (as) {
    case "object":
      return plain(resource);
    case "PartialObjectMetadata":
    case "PartialObjectMetadataList":
      return metadataOnly(resource, as);
    case "Table":
      return table(resource, includeObject, nowMs);
    default:
      return as satisfies never;
  }
}

function listMeta({ version, continueToken, remaining }: Page, isCustom: boolean): JsonObject {
  return {
    ...(continueToken === "" && !isCustom ? {} : { continue: continueToken }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
    resourceVersion: String(version),
  };
}

function plain(resource: Resource): Representation {
  return {
    one: (object) => object,
    event: (object) => object,
    page: (page) => ({
      kind: resource.listKind,
      apiVersion: resource.apiVersion,
      metadata: listMeta(page, resource.isCustom),
      // The items of a list of a built-in kind do not say what they are.
      items: resource.isCustom ? page.items : page.items.map((item) => without(item, "kind", "apiVersion")),
    }),
  };
}

function partial(object: JsonObject): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: objectAt(object, "metadata") ?? {} };
}

function metadataOnly(resource: Resource, as: "PartialObjectMetadata" | "PartialObjectMetadataList"): Representation {
  return {
    one(object) {
      if (as === "PartialObjectMetadataList")
        throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (*${resource.version}.${resource.kind})`);
      return partial(object);
    },
    event: partial,
    page(page) {
      if (as === "PartialObjectMetadata")
        throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (*${resource.version}.${resource.listKind})`);
      return {
        kind: "PartialObjectMetadataList",
        apiVersion: "meta.k8s.io/v1",
        metadata: listMeta(page, false),
        items: page.items.length === 0 ? null : page.items.map(partial),
      };
    },
  };
}

const INCLUDES: ReadonlySet<string> = new Set(["", "None", "Metadata", "Object"]);

function table(resource: Resource, includeObject: string, nowMs: () => number): Representation {
  if (!INCLUDES.has(includeObject))
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    );
  const row = (object: JsonObject): JsonObject => ({
    cells: resource.columns.cells(object, nowMs()),
    object: includeObject === "None" ? null : includeObject === "Object" ? object : partial(object),
  });
  const make = (metadata: JsonObject, objects: readonly JsonObject[], hasHeader: boolean): JsonObject => ({
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: hasHeader ? resource.columns.definitions : null,
    rows: objects.map(row),
  });
  const versionOf = (object: JsonObject): JsonObject => ({ resourceVersion: objectAt(object, "metadata")?.["resourceVersion"] ?? "" });
  return {
    one: (object) => make(versionOf(object), [object], true),
    event: (object, isFirst) => make(versionOf(object), [object], isFirst),
    page: (page) => make(listMeta(page, false), page.items, true),
  };
}
