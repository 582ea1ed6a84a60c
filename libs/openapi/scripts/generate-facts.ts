/**
 * Writes `src/facts.generated.ts` from what the Kubernetes release publishes:
 * - `api/openapi-spec/v3` and `api/discovery` of k8s.io/kubernetes: fields, types, list types, merge keys, scope, names
 * - the Go structs of k8s.io/api and its siblings: what an empty value is written as, and the numbers of the protobuf
 *   encoding, which are the same as in the published `.proto` files
 *
 * Usage: node libs/openapi/scripts/generate-facts.ts GO_MODULE_CACHE, after
 *   go mod download k8s.io/kubernetes@v1.36.3 k8s.io/{api,apimachinery,apiextensions-apiserver,kube-aggregator}@v0.36.3
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, stdout } from "node:process";

const KUBERNETES = "1.36.3";
const LIBRARIES = "0.36.3";

interface OpenApi {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Record<string, OpenApi>;
  readonly items?: OpenApi;
  readonly additionalProperties?: OpenApi;
  readonly allOf?: readonly OpenApi[];
  readonly oneOf?: readonly OpenApi[];
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly [extension: `x-kubernetes-${string}`]: unknown;
}

interface GoField {
  readonly json: string;
  readonly goType: string;
  readonly isInline: boolean;
  readonly omitsEmpty: boolean;
  readonly omitsZero: boolean;
  readonly isPointer: boolean;
  readonly number: number;
}

interface DiscoveredResource {
  readonly resource: string;
  readonly singularResource: string;
  readonly scope: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  readonly responseKind: { readonly kind: string };
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly verbs: readonly string[];
    readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  }[];
}

interface DiscoveredGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveredResource[] }[];
}

/** Types that have a letter of their own: their JSON is not that of their Go struct. */
const LETTER: Readonly<Record<string, string>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "o",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "m",
  "io.k8s.apimachinery.pkg.apis.meta.v1.Duration": "u",
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "v",
  "io.k8s.apimachinery.pkg.runtime.RawExtension": "r",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "B",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "A",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "S",
};

const LETTER_BY_TYPE: Readonly<Record<string, string>> = {
  "string:": "s",
  "string:byte": "y",
  "string:date-time": "t",
  "integer:int32": "i",
  "integer:int64": "l",
  "number:double": "d",
  "boolean:": "b",
};

const PACKAGES: readonly (readonly [prefix: string, module: string])[] = [
  ["io.k8s.apimachinery.", "apimachinery"],
  ["io.k8s.apiextensions-apiserver.", "apiextensions-apiserver"],
  ["io.k8s.kube-aggregator.", "kube-aggregator"],
  ["io.k8s.api.", "api"],
];

const cache = argv[2];
if (cache === undefined) throw new Error("usage: generate-facts.ts GO_MODULE_CACHE");
const spec = join(cache, "k8s.io", `kubernetes@v${KUBERNETES}`, "api");

const schemas = new Map<string, OpenApi>();
for (const file of readdirSync(join(spec, "openapi-spec/v3"))) {
  const document: { components?: { schemas?: Record<string, OpenApi> } } = JSON.parse(readFileSync(join(spec, "openapi-spec/v3", file), "utf8"));
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) schemas.set(name, schema);
}

const typeIndex = new Map<string, number>();
const typeRows: unknown[][] = [];
const extras: string[] = [];

function interned(value: Readonly<Record<string, unknown>>): number {
  if (Object.keys(value).length === 0) return 0;
  const text = JSON.stringify(value);
  const at = extras.indexOf(text);
  return at === -1 ? extras.push(text) : at + 1;
}

function refOf(schema: OpenApi): string | undefined {
  return (schema.$ref ?? schema.allOf?.[0]?.$ref)?.split("/").at(-1);
}

/** The letter code of a type: `s`, `[s`, `{q`, `#12`. */
function codeOf(schema: OpenApi, where: string): string {
  const ref = refOf(schema);
  if (ref !== undefined) return LETTER[ref] ?? namedCode(ref);
  if (schema.type === "array") return `[${codeOf(schema.items ?? {}, where)}`;
  if (schema.type === "object") return schema.additionalProperties === undefined ? "*" : `{${codeOf(schema.additionalProperties, where)}`;
  if (schema.type === undefined) return "*";
  const letter = LETTER_BY_TYPE[`${schema.type}:${schema.format ?? ""}`] ?? (schema.type === "integer" ? "l" : undefined);
  if (letter === undefined) throw new Error(`no letter for ${schema.type}:${schema.format} at ${where}`);
  return letter;
}

function namedCode(name: string): string {
  const schema = schemas.get(name);
  if (schema === undefined) throw new Error(`no schema ${name}`);
  if (schema.properties === undefined && schema.type !== "object") return codeOf(schema, name);
  return `#${typeOf(name)}`;
}

/** What says how a value of this schema is merged. */
function mergeRules(schema: OpenApi): Record<string, unknown> {
  const rules: Record<string, unknown> = {};
  const keep = (short: string, value: unknown): void => {
    if (value !== undefined) rules[short] = value;
  };
  keep("lt", schema["x-kubernetes-list-type"]);
  keep("lk", schema["x-kubernetes-list-map-keys"]);
  keep("mt", schema["x-kubernetes-map-type"]);
  keep("ps", schema["x-kubernetes-patch-strategy"]);
  keep("pk", schema["x-kubernetes-patch-merge-key"]);
  keep("d", schema.default);
  keep("e", schema.enum);
  return rules;
}

function typeOf(name: string): number {
  const known = typeIndex.get(name);
  if (known !== undefined) return known;
  const index = typeIndex.size;
  typeIndex.set(name, index);
  const schema = schemas.get(name) ?? {};
  const required = schema.required ?? [];
  const own = mergeRules(schema);
  const row: unknown[] = [name, interned(own)];
  typeRows[index] = row;
  const go = goFields(name);
  for (const [field, member] of Object.entries(schema.properties ?? {})) {
    const facts = go.get(field);
    const flags =
      (facts?.omitsEmpty === true ? 1 : 0) + (facts?.omitsZero === true ? 2 : 0) + (facts?.isPointer === true ? 4 : 0) + (required.includes(field) ? 8 : 0);
    row.push(field, codeOf(member, `${name}.${field}`), facts?.number ?? 0, flags, interned(mergeRules(member)));
  }
  return index;
}

const goStructs = new Map<string, Map<string, readonly GoField[]>>();

/** JSON names of the struct behind an OpenAPI type; a member of an embedded struct has `outer * 1000 + inner` as its number. */
function goFields(name: string): ReadonlyMap<string, GoField> {
  const folder = folderOf(name);
  const struct = name.slice(name.lastIndexOf(".") + 1);
  const fields = new Map<string, GoField>();
  for (const field of structOf(folder, struct)) {
    if (!field.isInline) fields.set(field.json, field);
    else if (field.goType !== "metav1.TypeMeta" && field.goType !== "TypeMeta") {
      for (const inner of structOf(folder, field.goType)) fields.set(inner.json, { ...inner, number: field.number * 1000 + inner.number });
    } else {
      for (const json of ["kind", "apiVersion"])
        fields.set(json, { json, goType: "string", isInline: false, omitsEmpty: true, omitsZero: false, isPointer: false, number: 0 });
    }
  }
  return fields;
}

function folderOf(name: string): string {
  const [prefix, module] = PACKAGES.find(([start]) => name.startsWith(start)) ?? [];
  if (prefix === undefined || module === undefined) throw new Error(`no module for ${name}`);
  const parts = name.slice(prefix.length).split(".").slice(0, -1);
  return join(cache ?? "", "k8s.io", `${module}@v${LIBRARIES}`, ...parts);
}

function structOf(folder: string, struct: string): readonly GoField[] {
  let structs = goStructs.get(folder);
  if (structs === undefined) {
    structs = new Map();
    for (const file of readdirSync(folder)) {
      if (file.endsWith(".go") && !file.endsWith("_test.go") && !file.startsWith("zz_") && !file.startsWith("generated"))
        readStructs(readFileSync(join(folder, file), "utf8"), structs);
    }
    goStructs.set(folder, structs);
  }
  // why: a beta version that takes a type over from v1 names it there, by alias or by package
  const found = structs.get(struct) ?? (folder.endsWith("/v1") ? undefined : structOf(join(folder, "../v1"), struct.replace(/^.*\./, "")));
  if (found === undefined) throw new Error(`no struct ${struct} in ${folder}`);
  return found;
}

function readStructs(source: string, into: Map<string, readonly GoField[]>): void {
  for (const [, struct = ""] of source.matchAll(/^type (\w+) struct ?\{ ?\}/gm)) into.set(struct, []);
  for (const [, struct = "", body = ""] of source.matchAll(/^type (\w+) struct \{$(.*?)^\}$/gms)) {
    const fields: GoField[] = [];
    for (const [, , goType = "", tags = ""] of body.matchAll(/^\s+(?:(\w+)\s+)?([*[\]\w.{}]+)\s+`([^`]*)`/gm)) {
      const [json = "", ...options] = (/json:"([^"]*)"/.exec(tags)?.[1] ?? "-").split(",");
      const number = Number(/protobuf:"\w+,(\d+)/.exec(tags)?.[1] ?? 0);
      if (json === "-") continue;
      fields.push({
        json,
        number,
        goType: goType.replace(/^\*/, ""),
        isInline: options.includes("inline"),
        isPointer: goType.startsWith("*"),
        omitsEmpty: options.includes("omitempty"),
        omitsZero: options.includes("omitzero"),
      });
    }
    into.set(struct, fields);
  }
}

/** [group, version, kind, type, plural, singular, namespaced, verbs, short names, categories, subresources] */
const kinds: unknown[][] = [];

function kindType(group: string, version: string, kind: string): number {
  for (const [name, schema] of schemas) {
    const named = schema["x-kubernetes-group-version-kind"];
    if (!Array.isArray(named) || !name.endsWith(`.${version}.${kind}`)) continue;
    if (named.some((one) => one.group === group && one.version === version && one.kind === kind)) return typeOf(name);
  }
  throw new Error(`no schema for ${group}/${version} ${kind}`);
}

const groups: readonly DiscoveredGroup[] = ["api.json", "aggregated_v2.json"].flatMap((file) => {
  const document: { items?: readonly DiscoveredGroup[] } = JSON.parse(readFileSync(join(spec, "discovery", file), "utf8"));
  return document.items ?? [];
});
const core: {
  resources: readonly {
    name: string;
    singularName: string;
    namespaced: boolean;
    kind: string;
    group?: string;
    version?: string;
    verbs: readonly string[];
    shortNames?: readonly string[];
    categories?: readonly string[];
  }[];
} = JSON.parse(readFileSync(join(spec, "discovery", "api__v1.json"), "utf8"));

for (const resource of core.resources.filter(({ name }) => !name.includes("/"))) {
  const subresources = core.resources.filter(({ name }) => name.startsWith(`${resource.name}/`));
  kinds.push([
    "",
    "v1",
    resource.kind,
    kindType("", "v1", resource.kind),
    resource.name,
    resource.singularName,
    resource.namespaced ? 1 : 0,
    interned({ verbs: resource.verbs }),
    resource.shortNames ?? [],
    resource.categories ?? [],
    subresources.map(({ name, kind, group, version, verbs }) => [
      name.slice(resource.name.length + 1),
      group ?? "",
      version ?? "v1",
      kind,
      interned({ verbs }),
    ]),
  ]);
}
for (const { metadata, versions } of groups) {
  for (const { version, resources } of versions) {
    for (const { resource, singularResource, scope, shortNames, categories, verbs, responseKind, subresources } of resources) {
      const group = metadata.name ?? "";
      if (group === "") continue;
      kinds.push([
        group,
        version,
        responseKind.kind,
        kindType(group, version, responseKind.kind),
        resource,
        singularResource,
        scope === "Namespaced" ? 1 : 0,
        interned({ verbs }),
        shortNames ?? [],
        categories ?? [],
        (subresources ?? []).map((one) => [
          one.subresource,
          one.responseKind.group === "" ? group : one.responseKind.group,
          one.responseKind.version === "" ? version : one.responseKind.version,
          one.responseKind.kind,
          interned({ verbs: one.verbs }),
        ]),
      ]);
    }
  }
}
/** Bodies and parts that no resource of their own has. */
const others = [
  ["", "v1", "Status", "io.k8s.apimachinery.pkg.apis.meta.v1.Status"],
  ["", "v1", "DeleteOptions", "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"],
  ["autoscaling", "v1", "Scale", "io.k8s.api.autoscaling.v1.Scale"],
  ["policy", "v1", "Eviction", "io.k8s.api.policy.v1.Eviction"],
  ["authentication.k8s.io", "v1", "TokenRequest", "io.k8s.api.authentication.v1.TokenRequest"],
] as const;
const parts = others.map(([group, version, kind, name]) => [group, version, kind, typeOf(name)]);

const facts = JSON.stringify({ kubernetes: KUBERNETES, kinds, parts, extras: extras.map((text): unknown => JSON.parse(text)), types: typeRows });
const banner = `// Written by scripts/generate-facts.ts from Kubernetes ${KUBERNETES}; a change by hand is lost.\n`;
const target = new URL("../src/facts.generated.ts", import.meta.url);
writeFileSync(target, `${banner}export const FACTS_JSON: string = ${quoted(facts)};\n`);
stdout.write(`${kinds.length} kinds, ${typeRows.length} types, ${facts.length} bytes\n`);

/** A TypeScript literal in single quotes: JSON is full of double ones. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
