import { builtinFacts, type KindFacts } from "@plumb/openapi";
import { setOwn, type JsonObject } from "@plumb/std";
import { draftAt, textsAt, within, type Draft } from "../draft.ts";
import type { Codec, Resource, ScalePaths } from "../resource.ts";
import { NO_FIELDS, SELECTABLE_FIELDS } from "../select/field-selector.ts";
import { builtinRules, type KindRules } from "../strategies/builtin-rules.ts";
import { setDefaults } from "../strategies/default-by-type.ts";
import { columnsOf } from "../table/builtin-columns.ts";
import { decodeStruct, withoutEmptyLists } from "../wire/decode.ts";
import { convertBuiltin } from "./convert-builtin.ts";

/** Kinds that are stored in another version than they are served in, by `apiVersion kind`. */
const STORED_AS: Readonly<Record<string, string>> = {
  "autoscaling/v1 HorizontalPodAutoscaler": "autoscaling/v2",
  "events.k8s.io/v1 Event": "v1",
};
const COLLECTIONS: Readonly<Record<string, string>> = { "events.k8s.io/events": "/events" };

/** Said with every answer. Source: APILifecycleDeprecated of k8s.io/api. */
const DEPRECATIONS: Readonly<Record<string, string>> = {
  "v1 Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  "v1 ComponentStatus": "v1 ComponentStatus is deprecated in v1.19+",
};

const SCALE: ScalePaths = { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selectorText: undefined, isCustom: false };

/** Alpha and beta versions are not served unless a cluster asks for them. */
const UNFINISHED = /alpha|beta/;

/** Every kind of the facts file, as it is served. @param own rules that need this server, by collection */
export function builtinResources(own: Readonly<Record<string, KindRules>>): readonly Resource[] {
  return builtinFacts()
    .kinds.filter(({ version }) => !UNFINISHED.test(version))
    .map((facts) => builtinResource(facts, own));
}

function builtinResource(facts: KindFacts, own: Readonly<Record<string, KindRules>>): Resource {
  const apiVersion = facts.group === "" ? facts.version : `${facts.group}/${facts.version}`;
  const path = `${facts.group}/${facts.plural}`;
  const collection = COLLECTIONS[path] ?? path;
  return {
    group: facts.group,
    version: facts.version,
    apiVersion,
    kind: facts.kind,
    listKind: `${facts.kind}List`,
    plural: facts.plural,
    singular: facts.singular,
    isNamespaced: facts.isNamespaced,
    verbs: facts.verbs,
    shortNames: facts.shortNames,
    categories: facts.categories,
    subresources: facts.subresources,
    collection,
    storedVersion: STORED_AS[`${apiVersion} ${facts.kind}`] ?? apiVersion,
    get schema() {
      return facts.schema;
    },
    codec: builtinCodec(facts, apiVersion),
    rules: builtinRules(facts, own[collection]),
    selectable: SELECTABLE_FIELDS[path] ?? NO_FIELDS,
    columns: columnsOf(facts),
    scale: facts.subresources.some(({ name }) => name === "scale") ? SCALE : undefined,
    isCustom: false,
    deprecation: DEPRECATIONS[`${apiVersion} ${facts.kind}`],
    acceptsCreate: true,
    convert: (object, to) => converted(object, to, facts.kind),
    undeclared: () => [],
    schemaOf: (to) => builtinFacts().kind(to, facts.kind)?.schema,
  };
}

/** In the form in which Go writes the other version. */
function converted(object: JsonObject, apiVersion: string, kind: string): JsonObject | undefined {
  const result = convertBuiltin(object, apiVersion);
  const schema = result === object ? undefined : builtinFacts().kind(apiVersion, kind)?.schema;
  return result === undefined || schema === undefined ? result : { kind, apiVersion, ...decodeStruct(result, schema, []) };
}

function builtinCodec(facts: KindFacts, apiVersion: string): Codec {
  const decode = (body: JsonObject, unknown: string[]): Draft => {
    const { schema } = facts;
    const draft: Draft = { kind: facts.kind, apiVersion, ...decodeStruct(body, schema, unknown) };
    if (facts.kind === "Secret") foldStringData(draft);
    if (facts.kind === "HorizontalPodAutoscaler" && facts.version === "v1") setTarget(draft);
    setDefaults(draft, schema);
    return draft;
  };
  return {
    decode,
    merged: (object) => decode(object, []),
    empty: () => ({ kind: facts.kind, apiVersion, ...decodeStruct({}, facts.schema, []) }),
    settled: (object) => withoutEmptyLists(object, facts.schema),
    read: (stored) => stored,
  };
}

/** `stringData` wins over `data` and is not stored. */
function foldStringData(secret: Draft): void {
  const texts = textsAt(secret, "stringData");
  delete secret["stringData"];
  for (const [key, text] of texts) setOwn(within(secret, "data"), key, Buffer.from(text).toString("base64"));
}

/** The default of version 1, which upstream sets while converting. */
function setTarget(autoscaler: Draft): void {
  const hasMetrics = draftAt(autoscaler, "metadata", "annotations")?.["autoscaling.alpha.kubernetes.io/metrics"] !== undefined;
  if (!hasMetrics) within(autoscaler, "spec")["targetCPUUtilizationPercentage"] ??= 80;
}
