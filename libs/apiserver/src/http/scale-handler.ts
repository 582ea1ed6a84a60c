import type { JsonObject } from "@plumb/std";
import { builtinFacts, type Schema } from "@plumb/openapi";
import { draftOf, draftValue, numberAt, objectAt, textAt, valueAt, type Draft } from "../draft.ts";
import { conflict, internalError, invalid, invalidObject, notAllowed, notFound, serverError, STALE } from "../refusal.ts";
import type { Codec, Resource, ScalePaths } from "../resource.ts";
import { formatSelector, selectorOfObject } from "../select/label-selector.ts";
import { decodeStruct } from "../wire/decode.ts";
import { managedOf, managerName, ownAfterUpdate, withManaged, type Writer } from "../write/ownership.ts";
import { checkName, patchType, readPatch } from "../write/patcher.ts";
import { ownersAfterScale, ownersOfScale, type ScaledField } from "../write/scale-ownership.ts";
import { parseQueryOptions, type QueryOptions } from "../write/write-options.ts";
import { named, type Target } from "../write/writer.ts";
import { decodeObject } from "./decode-object.ts";
import type { ApiResponse } from "./message.ts";
import { bodyFormat, checkKind, mediaType, parseObject, readBytes, textOf } from "./read-body.ts";
import type { HandlerParts, ResourceCall } from "./resource-handler.ts";
import { answer } from "./respond.ts";

const API_VERSION = "autoscaling/v1";

/** `GET`, `PUT` and `PATCH` of `/scale`. @throws {Refusal} */
export async function handleScale(parts: HandlerParts, call: ResourceCall, paths: ScalePaths): Promise<ApiResponse> {
  const { request, path, resource } = call;
  const target: Target = { resource, namespace: path.namespace, name: path.name };
  if (request.method === "GET") {
    const live = parts.writer.read(target);
    if (live === undefined) throw notFound(named(resource, path.name));
    return answer(200, scaleOf(live, paths), call.negotiated);
  }
  if (request.method !== "PUT" && request.method !== "PATCH") throw notAllowed();
  const isApply = request.method === "PATCH" && patchType(mediaType(request), false) === "apply";
  if (isApply && paths.isCustom) throw serverError(`failed to convert new object (/${path.name}; ${API_VERSION}, Kind=Scale) to proper version`);
  const options = parseQueryOptions(request.method === "PUT" ? "UpdateOptions" : "PatchOptions", request.query, isApply);
  const manager = managerName(options.fieldManager, request.headers.get("user-agent") ?? "");
  const writer: Writer = { manager, subresource: "scale", now: parts.now(), isTimeless: true };
  const makeScale = request.method === "PUT" ? await readPut(call, options, writer) : await readScalePatch(call, options, writer);
  const change = {
    mayCreate: false,
    make: (live: JsonObject | undefined) => scaled(call, paths, live ?? {}, makeScale),
  };
  const { object } = parts.writer.update(target, change, { isDryRun: options.isDryRun, writer, warn: call.warn });
  return answer(200, scaleOf(object, paths), call.negotiated);
}

function scaleOf(object: JsonObject, paths: ScalePaths): JsonObject {
  const metadata = objectAt(object, "metadata") ?? {};
  const kept = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
    .filter((key) => metadata[key] !== undefined)
    .map((key) => [key, metadata[key]] as const);
  const count = numberAt(object, ...paths.specReplicas);
  if (count === undefined && paths.isCustom) throw internalError(`the spec replicas field ".${paths.specReplicas.join(".")}" does not exist`);
  const selector = selectorText(object, paths);
  return {
    kind: "Scale",
    apiVersion: API_VERSION,
    metadata: Object.fromEntries(kept),
    spec: count === undefined || count === 0 ? {} : { replicas: count },
    status: { replicas: numberAt(object, ...paths.statusReplicas) ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

function selectorText(object: JsonObject, { selectorText: path, isCustom }: ScalePaths): string {
  if (isCustom) return path === undefined ? "" : (textAt(object, ...path) ?? "");
  return formatSelector(selectorOfObject(objectAt(object, "spec", "selector")) ?? []);
}

type MakeScale = (scale: JsonObject) => JsonObject;

async function readPut(call: ResourceCall, { fieldValidation }: QueryOptions, writer: Writer): Promise<MakeScale> {
  const { request, path, warn } = call;
  const { value, repeated } = parseObject(await readBytes(request), bodyFormat(request), "Scale");
  const resource = scaleResource(call.resource);
  checkKind(value, resource);
  const draft = decodeObject(resource, value, repeated, { fieldValidation, warn });
  checkName(textAt(draft, "metadata", "name") ?? "", path.name);
  return (scale) => ownAfterUpdate(resource, scale, draft, undefined, writer);
}

async function readScalePatch(call: ResourceCall, options: QueryOptions, writer: Writer): Promise<MakeScale> {
  const { request, path, warn } = call;
  const resource = scaleResource(call.resource);
  const type = patchType(mediaType(request), false);
  const patch = readPatch(type, textOf(await readBytes(request)), {
    resource,
    namespace: path.namespace,
    name: path.name,
    options,
    writer,
    warn,
  });
  return (scale) => patch.make(scale);
}

/** The kind Scale in the place of the kind that is scaled, for decoding and patching. */
function scaleResource(resource: Resource): Resource {
  const decode = (body: JsonObject, unknown: string[]): Draft => ({ kind: "Scale", apiVersion: API_VERSION, ...decodeStruct(body, scaleSchema(), unknown) });
  const codec: Codec = {
    decode,
    merged: (object) => decode(object, []),
    empty: () => ({ kind: "Scale", apiVersion: API_VERSION }),
    settled: (object) => object,
    read: (stored) => stored,
  };
  return {
    ...resource,
    group: "autoscaling",
    version: "v1",
    apiVersion: API_VERSION,
    kind: "Scale",
    schema: scaleSchema(),
    codec,
    isCustom: false,
    schemaOf: (to) => (to === API_VERSION ? scaleSchema() : undefined),
  };
}

function scaleSchema(): Schema {
  const schema = builtinFacts().schema(API_VERSION, "Scale");
  if (schema === undefined) throw internalError("no facts about Scale");
  return schema;
}

/** The scaled object with its count set; who owns the count is settled on its Scale. */
function scaled(call: ResourceCall, paths: ScalePaths, live: JsonObject, makeScale: MakeScale): Draft {
  const { resource, path } = call;
  const field: ScaledField = { apiVersion: resource.apiVersion, path: paths.specReplicas };
  const owners = managedOf(live);
  const scale = makeScale(withManaged(scaleOf(live, paths), ownersOfScale(owners, field)));
  const version = textAt(scale, "metadata", "resourceVersion") ?? "";
  if (version !== "" && version !== textAt(live, "metadata", "resourceVersion")) throw conflict(named(resource, path.name), STALE);
  const count = numberAt(scale, "spec", "replicas") ?? 0;
  if (count < 0) throw negative(resource, path.name, paths, count);
  const draft = draftOf(live);
  setAt(draft, paths.specReplicas, count);
  return draftOf(withManaged(draft, ownersAfterScale(owners, managedOf(scale), field)));
}

function negative(resource: Resource, name: string, paths: ScalePaths, count: number): Error {
  if (paths.isCustom)
    return invalidObject(resource.group, resource.kind, name, [invalid(`.${paths.specReplicas.join(".")}`, count, "should be a non-negative integer")]);
  return invalidObject("autoscaling", "Scale", name, [invalid("spec.replicas", count, "must be greater than or equal to 0")]);
}

function setAt(draft: Draft, path: readonly string[], value: number): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    draft[first] = value;
    return;
  }
  const inner = draftOf(objectAt(valueAt(draft, first)) ?? {});
  draft[first] = inner;
  setAt(inner, rest, value);
  draft[first] = draftValue(inner);
}
