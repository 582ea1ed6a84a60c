import { customResourceSchema, type Schema, type SubresourceFacts } from "@plumb/openapi";
import { FieldSet } from "@plumb/patch";
import { isObject, setOwn, type JsonObject, type JsonValue } from "@plumb/std";
import { draftOf, draftValue, equalJson, listAt, numberAt, objectAt, objectsAt, textAt, valueAt, within, without, type Draft } from "../draft.ts";
import { invalid, invalidObject, type FieldFault } from "../refusal.ts";
import type { Codec, Resource, Rules, ScalePaths } from "../resource.ts";
import { pathText, type SelectableFields } from "../select/field-selector.ts";
import { customColumns } from "../table/custom-columns.ts";
import { decodeStruct } from "../wire/decode.ts";
import { hasDefaults, setSchemaDefaults } from "./default-values.ts";
import { objectMetaSchema, prune, pruneNulls, schemaAt, type JsonSchema } from "./prune.ts";
import { checkRules } from "./rules/check-rules.ts";
import { validateValue } from "./validate-value.ts";

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const PART_VERBS = ["get", "patch", "update"];

/** What the versions of one definition have in common. */
interface Family {
  readonly definition: JsonObject;
  readonly group: string;
  readonly kind: string;
  readonly storage: JsonObject;
  readonly isTerminating: boolean;
  readonly schemas: ReadonlyMap<string, Schema>;
}

/** The kinds that an established definition serves, one for each served version. */
export function customResources(definition: JsonObject): readonly Resource[] {
  const group = textAt(definition, "spec", "group") ?? "";
  const versions = objectsAt(definition, "spec", "versions");
  const storage = versions.find((version) => version["storage"] === true) ?? {};
  const served = versions.filter((version) => version["served"] === true);
  const schemas = new Map(
    served.map((version): [string, Schema] => [
      `${group}/${textAt(version, "name") ?? ""}`,
      customResourceSchema(schemaAt(version, "schema", "openAPIV3Schema")),
    ]),
  );
  const family: Family = {
    definition,
    group,
    storage,
    schemas,
    kind: textAt(definition, "status", "acceptedNames", "kind") ?? textAt(definition, "spec", "names", "kind") ?? "",
    isTerminating: valueAt(definition, "metadata", "deletionTimestamp") !== undefined,
  };
  return served.map((version) => customResource(version, family, served));
}

function texts(value: JsonValue | undefined, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((one) => typeof one === "string");
}

function customResource(version: JsonObject, family: Family, served: readonly JsonObject[]): Resource {
  const { definition, group, kind } = family;
  const names = objectAt(definition, "spec", "names");
  const name = textAt(version, "name") ?? "";
  const apiVersion = `${group}/${name}`;
  const plural = textAt(names, "plural") ?? "";
  const schema = family.schemas.get(apiVersion) ?? customResourceSchema(undefined);
  return {
    group,
    version: name,
    apiVersion,
    kind,
    plural,
    schema,
    listKind: textAt(names, "listKind") ?? `${kind}List`,
    singular: textAt(names, "singular") ?? kind.toLowerCase(),
    isNamespaced: textAt(definition, "spec", "scope") === "Namespaced",
    verbs: VERBS,
    shortNames: texts(names, "shortNames"),
    categories: texts(names, "categories"),
    subresources: subresourcesOf(version, group, name, kind),
    collection: `${group}/${plural}`,
    storedVersion: `${group}/${textAt(family.storage, "name") ?? ""}`,
    codec: customCodec(version, family, apiVersion),
    rules: customRules(version, kind, apiVersion),
    selectable: selectableOf(version),
    columns: customColumns(objectsAt(version, "additionalPrinterColumns")),
    scale: scaleOf(version),
    isCustom: true,
    deprecation: deprecationOf(version, family, served),
    acceptsCreate: !family.isTerminating,
    convert: (object, to) => (family.schemas.has(to) || to === `${group}/${textAt(family.storage, "name") ?? ""}` ? { ...object, apiVersion: to } : undefined),
    undeclared: (object, to) =>
      undeclaredFields(
        object,
        served.find((one) => `${group}/${textAt(one, "name") ?? ""}` === to),
      ),
    schemaOf: (to) => family.schemas.get(to),
  };
}

/** What another version of the schema does not know of an object. */
function undeclaredFields(object: JsonObject, version: JsonObject | undefined): readonly string[] {
  const unknown: string[] = [];
  const schema = schemaAt(version, "schema", "openAPIV3Schema");
  if (schema !== undefined) prune(draftOf(object), schema, unknown, "", true);
  return unknown;
}

function subresourcesOf(version: JsonObject, group: string, name: string, kind: string): readonly SubresourceFacts[] {
  const parts = objectAt(version, "subresources") ?? {};
  return [
    ...(isObject(parts["status"]) ? [{ name: "status", group, version: name, kind, verbs: PART_VERBS }] : []),
    ...(isObject(parts["scale"]) ? [{ name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: PART_VERBS }] : []),
  ];
}

function pathOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : text.replace(/^\./, "").split(".");
}

function scaleOf(version: JsonObject): ScalePaths | undefined {
  const scale = objectAt(version, "subresources", "scale");
  const specReplicas = pathOf(textAt(scale, "specReplicasPath"));
  const statusReplicas = pathOf(textAt(scale, "statusReplicasPath"));
  if (specReplicas === undefined || statusReplicas === undefined) return undefined;
  return { specReplicas, statusReplicas, selectorText: pathOf(textAt(scale, "labelSelectorPath")), isCustom: true };
}

function selectableOf(version: JsonObject): SelectableFields {
  return new Map(
    objectsAt(version, "selectableFields").map((field) => {
      const path = (textAt(field, "jsonPath") ?? "").replace(/^\./, "");
      return [path, pathText(path)] as const;
    }),
  );
}

function deprecationOf(version: JsonObject, { group, kind }: Family, served: readonly JsonObject[]): string | undefined {
  if (version["deprecated"] !== true) return undefined;
  const own = textAt(version, "deprecationWarning");
  if (own !== undefined) return own;
  const better = served.find((other) => other["deprecated"] !== true && other !== version);
  const hint = better === undefined ? "" : `; use ${group}/${textAt(better, "name") ?? ""} ${kind}`;
  return `${group}/${textAt(version, "name") ?? ""} ${kind} is deprecated${hint}`;
}

function customCodec(version: JsonObject, { storage, kind }: Family, apiVersion: string): Codec {
  const schema = schemaAt(version, "schema", "openAPIV3Schema") ?? {};
  const stored = schemaAt(storage, "schema", "openAPIV3Schema") ?? {};
  return {
    decode(body, unknown) {
      const draft = coerced(body, schema, unknown);
      setSchemaDefaults(draft, schema);
      return draft;
    },
    merged(object) {
      const draft = draftOf(object);
      setOwn(draft, "metadata", decodeStruct(objectAt(object, "metadata") ?? {}, objectMetaSchema(), [], "metadata"));
      // Upstream sets defaults after it has converted the merged object to the storage version.
      setSchemaDefaults(draft, stored);
      return draft;
    },
    empty: () => ({ apiVersion, kind, metadata: {} }),
    settled: (object) => object,
    read: (object) => readStored(object, stored),
  };
}

function coerced(body: JsonObject, schema: JsonSchema, unknown: string[]): Draft {
  const draft = draftOf(body);
  const metadata = objectAt(body, "metadata") ?? {};
  const found: string[] = [];
  setOwn(draft, "metadata", decodeStruct(metadata, objectMetaSchema(), found, "metadata"));
  prune(draft, schema, unknown, "", true);
  unknown.push(...found);
  pruneNulls(draft, schema);
  return draft;
}

/** What has been stored under an older schema is seen as the schema of today says; most objects stay as they are. */
function readStored(object: JsonObject, schema: JsonSchema): JsonObject {
  const draft = draftOf(object);
  prune(draft, schema, [], "", true);
  if (hasDefaults(schema)) setSchemaDefaults(draft, schema);
  return equalJson(draft, object) ? object : draft;
}

/** What the generation counts changes of. */
function counted(object: JsonObject, hasStatus: boolean): JsonObject {
  return without(object, "metadata", "apiVersion", "kind", ...(hasStatus ? ["status"] : []));
}

function customRules(version: JsonObject, kind: string, apiVersion: string): Rules {
  const schema = schemaAt(version, "schema", "openAPIV3Schema") ?? {};
  const hasStatus = isObject(objectAt(version, "subresources")?.["status"]);
  return {
    names: "subdomain",
    metadataChecks: 3,
    createsOnUpdate: false,
    updatesUnconditionally: false,
    answersDeleted: false,
    deletesGracefully: false,
    orphansByDefault: undefined,
    resetFields: hasStatus ? FieldSet.ofNames(["status"]) : FieldSet.EMPTY,
    statusResetFields: FieldSet.ofNames(["metadata"], ["spec"]),
    prepareCreate(draft) {
      if (hasStatus) delete draft["status"];
      within(draft, "metadata")["generation"] = 1;
    },
    prepareUpdate(draft, old) {
      if (hasStatus) restore(draft, old, "status");
      const generation = numberAt(old, "metadata", "generation") ?? 0;
      if (!equalJson(counted(draft, hasStatus), counted(old, hasStatus))) within(draft, "metadata")["generation"] = generation + 1;
    },
    prepareStatus: keepAllButStatus,
    validate(object) {
      checkOwnKind(object, kind, apiVersion);
      return [...validateValue(object, schema, ""), ...checkRules(object, undefined, schema)];
    },
    validateUpdate(object, old) {
      checkOwnKind(object, kind, apiVersion);
      return validateChange(object, old, schema);
    },
    validateStatus: (object, old) => validateChange(object, old, schema),
    warnings: () => [],
    allocate: () => {},
    release: () => {},
  };
}

/** A write of the status changes nothing else, but for who owns its fields. */
function keepAllButStatus(draft: Draft, old: JsonObject): void {
  const { status } = draft;
  const managed = within(draft, "metadata")["managedFields"];
  for (const key of Object.keys(draft)) delete draft[key];
  for (const [key, value] of Object.entries(draftOf(without(old, "status")))) if (value !== undefined) setOwn(draft, key, value);
  if (status !== undefined) draft["status"] = status;
  const metadata = within(draft, "metadata");
  if (managed === undefined) delete metadata["managedFields"];
  else metadata["managedFields"] = managed;
}

function restore(draft: Draft, old: JsonObject, key: string): void {
  const value = old[key];
  if (value === undefined) delete draft[key];
  else draft[key] = draftValue(value);
}

/** Only what has changed is checked. */
function validateChange(object: JsonObject, old: JsonObject, schema: JsonSchema): readonly FieldFault[] {
  return [...validateValue(object, schema, "", old), ...checkRules(object, old, schema)];
}

function checkOwnKind(object: JsonObject, kind: string, apiVersion: string): void {
  const own = textAt(object, "kind") ?? "";
  const version = textAt(object, "apiVersion") ?? "";
  const faults = [
    ...(own === kind ? [] : [invalid("kind", own, `must be ${kind}`)]),
    ...(version === apiVersion ? [] : [invalid("apiVersion", version, `must be ${apiVersion}`)]),
  ];
  if (faults.length > 0) throw invalidObject(version.split("/")[0] ?? "", own, textAt(object, "metadata", "name") ?? "", faults);
}
