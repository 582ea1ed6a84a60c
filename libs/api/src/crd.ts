import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { SUBSTITUTE_ANNOTATION } from "./annotations.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { PART_OF_LABELS } from "./labels.ts";
import type { Manifest } from "./manifest.ts";
import { SHARED_SCHEMAS } from "./shared-schemas.ts";

const STRING: JsonObject = { type: "string" };

/** The CustomResourceDefinition of a kind, every `$ref` written out (C-001, C-002). */
export function crd(definition: KindDefinition): Manifest {
  const { group, kind, plural, shortNames, categories } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, labels: PART_OF_LABELS, annotations: { [SUBSTITUTE_ANNOTATION]: "disabled" } },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        categories,
        ...(shortNames.length > 0 && { shortNames }),
      },
      scope: "Namespaced",
      versions: [version(definition)],
    },
  };
}

function version({ version: name, description, columns, spec, status }: KindDefinition): JsonObject {
  const properties = {
    apiVersion: STRING,
    kind: STRING,
    metadata: { type: "object" },
    spec: writtenOut(spec),
    ...(status !== undefined && { status: writtenOut(status) }),
  };
  return {
    name,
    served: true,
    storage: true,
    additionalPrinterColumns: columns.map((column) => ({ ...column })),
    schema: { openAPIV3Schema: { type: "object", description, properties } },
    subresources: status === undefined ? {} : { status: {} },
  };
}

function writtenOut(node: unknown): JsonValue {
  if (Array.isArray(node)) return node.map(writtenOut);
  if (!isObject(node)) return node as JsonValue; // why: a schema holds strings, numbers and booleans besides
  const shared = node["$ref"];
  if (isSharedName(shared)) return writtenOut(SHARED_SCHEMAS[shared]);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, writtenOut(value)]));
}

function isSharedName(name: unknown): name is keyof typeof SHARED_SCHEMAS {
  return typeof name === "string" && Object.hasOwn(SHARED_SCHEMAS, name);
}
