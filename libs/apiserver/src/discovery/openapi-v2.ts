import type { JsonObject } from "@plumb/std";
import type { Registry } from "../kinds/registry.ts";
import { SchemaCollector } from "./openapi-schema.ts";
import { schemaName } from "./openapi-v3.ts";
import { RELEASE } from "./version.ts";

/** The old description of all kinds: their schemas, no paths. */
export function openApiV2(registry: Registry): JsonObject {
  const collector = new SchemaCollector("#/definitions/");
  for (const resource of registry.resources()) {
    const own = { "x-kubernetes-group-version-kind": [{ group: resource.group, version: resource.version, kind: resource.kind }] };
    const name = schemaName(resource);
    if (resource.isCustom) collector.set(name, { type: "object", "x-kubernetes-preserve-unknown-fields": true, ...own });
    else collector.addSchema(name, resource.schema, own);
  }
  return { swagger: "2.0", info: { title: "Kubernetes", version: RELEASE }, paths: {}, definitions: collector.schemas() };
}
