import { createHash } from "node:crypto";
import type { JsonObject } from "@plumb/std";
import type { Registry } from "../kinds/registry.ts";
import type { Resource } from "../resource.ts";
import { SchemaCollector } from "./openapi-schema.ts";
import { RELEASE } from "./version.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** Types that the document of every custom group has. */
const META_TYPES = [
  "DeleteOptions",
  "FieldsV1",
  "ListMeta",
  "ManagedFieldsEntry",
  "ObjectMeta",
  "OwnerReference",
  "Patch",
  "Preconditions",
  "ShardInfo",
  "Status",
  "StatusCause",
  "StatusDetails",
  "Time",
];

/** The list of documents, one for each version of a group. */
export function openApiIndex(registry: Registry): JsonObject {
  const versions = ["api/v1", ...registry.groups().flatMap(({ name, versions: all }) => all.map((version) => `apis/${name}/${version}`))];
  const paths = versions.map((path) => {
    const kinds = resourcesAt(registry, path).map(({ kind, schema }) => `${kind} ${JSON.stringify(schema.source ?? {})}`);
    const hash = createHash("sha512").update(kinds.join("\n")).digest("hex").toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

function resourcesAt(registry: Registry, path: string): readonly Resource[] {
  const [root, group = "", version = ""] = path.split("/");
  return root === "api" ? registry.resourcesOf("", group) : root === "apis" ? registry.resourcesOf(group, version) : [];
}

/** @param path such as `apis/apps/v1`; undefined for a group that is not served */
export function openApiDocument(registry: Registry, path: string): JsonObject | undefined {
  const resources = resourcesAt(registry, path);
  if (resources.length === 0) return undefined;
  const collector = new SchemaCollector("#/components/schemas/");
  for (const resource of resources) addKind(collector, resource);
  if (resources.some(({ isCustom }) => isCustom)) for (const type of META_TYPES) collector.addType(`${META}${type}`);
  const pathItems = resources.flatMap((resource) => pathsOf(resource, `/${path}`));
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: RELEASE },
    paths: Object.fromEntries(pathItems),
    components: { schemas: collector.schemas() },
  };
}

/** The name of a kind's schema: as upstream's Go path, or the group turned round. */
export function schemaName(resource: Resource): string {
  if (!resource.isCustom && resource.schema.typeName !== "") return resource.schema.typeName;
  return `${resource.group.split(".").reverse().join(".")}.${resource.version}.${resource.kind}`;
}

const gvk = ({ group, version }: Resource, kind: string): JsonObject => ({ group, version, kind });

function addKind(collector: SchemaCollector, resource: Resource): void {
  const name = schemaName(resource);
  const own = { "x-kubernetes-group-version-kind": [gvk(resource, resource.kind)] };
  if (resource.isCustom) collector.set(name, { ...customSchema(resource), ...own });
  else collector.addSchema(name, resource.schema, own);
  collector.set(`${name}List`, {
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { allOf: [{ $ref: `#/components/schemas/${META}ListMeta` }] },
      items: { type: "array", items: { allOf: [{ $ref: `#/components/schemas/${name}` }] } },
    },
    "x-kubernetes-group-version-kind": [gvk(resource, resource.listKind)],
  });
  collector.addType(`${META}ListMeta`);
}

function customSchema({ schema }: Resource): JsonObject {
  const source: JsonObject = schema.source ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const properties = source["properties"];
  const given = typeof properties === "object" && properties !== null && !Array.isArray(properties) ? properties : {};
  return {
    ...source,
    properties: {
      ...given,
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { allOf: [{ $ref: `#/components/schemas/${META}ObjectMeta` }] },
    },
  };
}

const PARAMETERS = ["dryRun", "fieldManager", "fieldValidation", "force", "pretty"].map((name): JsonObject => ({
  name,
  in: "query",
  schema: { type: name === "force" ? "boolean" : "string", uniqueItems: true },
}));

function operation(resource: Resource, action: string): JsonObject {
  const $ref = `#/components/schemas/${schemaName(resource)}${action === "list" ? "List" : ""}`;
  return {
    parameters: PARAMETERS,
    responses: { "200": { description: "OK", content: { "application/json": { schema: { $ref } } } } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk(resource, resource.kind),
  };
}

function pathsOf(resource: Resource, root: string): readonly (readonly [string, JsonObject])[] {
  const base = resource.isNamespaced ? `${root}/namespaces/{namespace}/${resource.plural}` : `${root}/${resource.plural}`;
  const collection: JsonObject = { get: operation(resource, "list"), post: operation(resource, "post"), delete: operation(resource, "deletecollection") };
  const object: JsonObject = {
    get: operation(resource, "get"),
    put: operation(resource, "put"),
    patch: operation(resource, "patch"),
    delete: operation(resource, "delete"),
  };
  const across = resource.isNamespaced ? [[`${root}/${resource.plural}`, { get: operation(resource, "list") }] as const] : [];
  const parts = resource.subresources.map(
    (part) => [`${base}/{name}/${part.name}`, { get: operation(resource, "get"), patch: operation(resource, "patch") }] as const,
  );
  return [[base, collection], [`${base}/{name}`, object], ...parts, ...across];
}
