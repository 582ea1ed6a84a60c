import { isObject, ToolkitError, type Clock, type JsonObject } from "@plumb/std";
import { draftOf, objectAt, textAt } from "../draft.ts";
import { badRequest, fromTheFuture, notAcceptable, notAllowed, notFound, serverError } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { listPage, askedVersion } from "../read/list.ts";
import { representationOf, type Representation } from "../read/represent.ts";
import { selectionOf } from "../read/selection.ts";
import { prepareWatch } from "../read/watch.ts";
import type { Store } from "../storage/store.ts";
import type { ObjectDeleter } from "../write/deleter.ts";
import { reviewed } from "./reviews.ts";
import { managerName, ownAfterUpdate, type Writer } from "../write/ownership.ts";
import { checkName, patchType, readPatch } from "../write/patcher.ts";
import { isDeleteOptions, parseDeleteOptions, parseQueryOptions, type DeleteOptions, type QueryOptions } from "../write/write-options.ts";
import { matchNamespace, named, type ObjectWriter, type Target, type WriteOptions } from "../write/writer.ts";
import { decodeObject } from "./decode-object.ts";
import { parseListOptions } from "./list-options.ts";
import type { ApiRequest, ApiResponse } from "./message.ts";
import { negotiate, type Negotiated } from "./negotiate.ts";
import { bodyFormat, checkKind, mediaType, parseBody, parseObject, readBytes, textOf } from "./read-body.ts";
import type { ResourcePath } from "./request-path.ts";
import { answer } from "./respond.ts";

/** What the verbs work on. */
export interface HandlerParts {
  readonly store: Store;
  readonly writer: ObjectWriter;
  readonly deleter: ObjectDeleter;
  readonly clock: Clock;
  /** RFC 3339 in whole seconds. */
  readonly now: () => string;
  /** Told of each watch that opens; the callback ends it. */
  readonly onWatch: (stop: (reason: "drop" | "end") => void) => () => void;
}

/** One request for a kind, with what every verb needs. */
export interface ResourceCall {
  readonly request: ApiRequest;
  readonly path: ResourcePath;
  readonly resource: Resource;
  readonly warn: (text: string) => void;
  readonly negotiated: Negotiated;
  readonly representation: Representation;
}

export function callOf(request: ApiRequest, path: ResourcePath, resource: Resource, warn: (text: string) => void, clock: Clock): ResourceCall {
  const negotiated = negotiate(request.headers.get("accept"), isPretty(request));
  const representation = representationOf(resource, negotiated.as, request.query.get("includeObject") ?? "", () => clock.nowMs());
  return { request, path, resource, warn, negotiated, representation };
}

export function isPretty(request: ApiRequest): boolean {
  const pretty = request.query.get("pretty");
  return pretty !== null && pretty !== "false" && pretty !== "0";
}

/** The object itself, or its status. @throws {Refusal} */
export async function handleObject(parts: HandlerParts, call: ResourceCall): Promise<ApiResponse> {
  const { request, path, resource } = call;
  const target: Target = { resource, namespace: path.namespace, name: path.name };
  switch (request.method) {
    case "GET":
      return answer(200, call.representation.one(get(parts, call, target)), call.negotiated);
    case "PUT":
      return put(parts, call, target);
    case "PATCH":
      return patch(parts, call, target);
    case "DELETE":
      if (path.subresource !== "") throw notAllowed();
      return remove(parts, call, target);
    default:
      throw notAllowed();
  }
}

/** The kind as a whole, or within a namespace. @throws {Refusal} */
export async function handleCollection(parts: HandlerParts, call: ResourceCall): Promise<ApiResponse> {
  const { request, path, resource } = call;
  const isAcross = resource.isNamespaced && path.namespace === "";
  switch (request.method) {
    case "GET":
      if (!resource.verbs.includes("list")) throw notAllowed();
      return list(parts, call);
    case "POST":
      if (isAcross || !resource.verbs.includes("create")) throw notAllowed();
      return create(parts, call);
    case "DELETE":
      if (isAcross || !resource.verbs.includes("deletecollection")) throw notAllowed();
      return removeMany(parts, call);
    default:
      throw notAllowed();
  }
}

function get({ store, writer }: HandlerParts, { request, resource, path }: ResourceCall, target: Target): JsonObject {
  const asked = askedVersion(request.query.get("resourceVersion") ?? "", serverError);
  if (asked > store.version) throw fromTheFuture(asked, store.version);
  const object = writer.read(target);
  if (object === undefined) throw notFound(named(resource, path.name));
  return object;
}

const STREAMED = "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

export function list({ store, clock, onWatch }: HandlerParts, call: ResourceCall): ApiResponse {
  const { request, path, resource, representation } = call;
  const options = parseListOptions(request.query, path.isWatch);
  const byName = path.name === "" ? options.fieldSelector : `metadata.name=${path.name}`;
  const selection = selectionOf(resource, path.namespace, options.labelSelector, byName);
  if (!options.isWatch) return answer(200, representation.page(listPage(store, resource, selection, options)), call.negotiated);
  if (call.negotiated.format === "yaml") throw notAcceptable(STREAMED);
  const run = prepareWatch(store, clock, { resource, selection, options, representation }, onWatch);
  return { kind: "stream", status: 200, headers: { "content-type": "application/json", "cache-control": "no-cache, private" }, run };
}

function writerOf(parts: HandlerParts, { request, path }: ResourceCall, { fieldManager }: QueryOptions): Writer {
  const manager = managerName(fieldManager, request.headers.get("user-agent") ?? "");
  return { manager, subresource: path.subresource, now: parts.now() };
}

async function create(parts: HandlerParts, call: ResourceCall): Promise<ApiResponse> {
  const { request, path, resource, warn } = call;
  const format = bodyFormat(request);
  const bytes = await readBytes(request);
  const options = parseQueryOptions("CreateOptions", request.query);
  const { value, repeated } = parseObject(bytes, format, resource.kind);
  checkKind(value, resource);
  const draft = decodeObject(resource, value, repeated, { fieldValidation: options.fieldValidation, warn });
  if (!resource.verbs.includes("get")) return answer(201, reviewed(draft), call.negotiated);
  const object = parts.writer.create(resource, path.namespace, draft, { isDryRun: options.isDryRun, writer: writerOf(parts, call, options), warn });
  return answer(201, call.representation.one(object), call.negotiated);
}

async function put(parts: HandlerParts, call: ResourceCall, target: Target): Promise<ApiResponse> {
  const { request, path, resource, warn } = call;
  const format = bodyFormat(request);
  const bytes = await readBytes(request);
  const options = parseQueryOptions("UpdateOptions", request.query);
  const { value, repeated } = parseObject(bytes, format, resource.kind);
  checkKind(value, resource);
  const draft = decodeObject(resource, value, repeated, { fieldValidation: options.fieldValidation, warn });
  checkName(textAt(draft, "metadata", "name") ?? "", path.name);
  matchNamespace(resource, path.namespace, draft);
  const writer = writerOf(parts, call, options);
  const write: WriteOptions = { isDryRun: options.isDryRun, writer, warn };
  const requested = objectAt(value, "metadata")?.["managedFields"];
  const change = {
    make: (live: JsonObject | undefined) => draftOf(ownAfterUpdate(resource, live, draft, live === undefined ? undefined : requested, writer)),
    mayCreate: resource.rules.createsOnUpdate && path.subresource === "",
    uid: textAt(draft, "metadata", "uid"),
  };
  const { object, isCreated } = parts.writer.update(target, change, write);
  return answer(isCreated ? 201 : 200, call.representation.one(object), call.negotiated);
}

async function patch(parts: HandlerParts, call: ResourceCall, target: Target): Promise<ApiResponse> {
  const { request, path, resource, warn } = call;
  const type = patchType(mediaType(request), resource.isCustom);
  const bytes = await readBytes(request);
  const options = parseQueryOptions("PatchOptions", request.query, type === "apply");
  const writer = writerOf(parts, call, options);
  const write: WriteOptions = { isDryRun: options.isDryRun, writer, warn };
  const read = readPatch(type, textOf(bytes), { resource, namespace: path.namespace, name: path.name, options, writer, warn });
  const change = {
    make: (live: JsonObject | undefined) => read.make(live),
    mayCreate: type === "apply" && path.subresource === "",
    ...(parts.writer.read(target) === undefined ? { uid: read.uid } : {}),
  };
  const { object, isCreated } = parts.writer.update(target, change, write);
  return answer(isCreated ? 201 : 200, call.representation.one(object), call.negotiated);
}

async function deleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const bytes = await readBytes(request);
  if (bytes.byteLength === 0) return parseDeleteOptions(undefined, request.query);
  const body = readDeleteBody(bytes, request);
  if (!isDeleteOptions(body))
    throw badRequest(
      `no kind ${JSON.stringify(body["kind"] ?? "")} is registered for version ${JSON.stringify(body["apiVersion"] ?? "")} in scheme "pkg/runtime/scheme.go:111"`,
    );
  return parseDeleteOptions(body, request.query);
}

function readDeleteBody(bytes: Uint8Array, request: ApiRequest): JsonObject {
  try {
    const { value } = parseBody(bytes, bodyFormat(request));
    if (value !== null && !isObject(value)) throw new SyntaxError("json: cannot unmarshal array into Go value of type struct");
    return value ?? {};
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw badRequest(`couldn't get version/kind; json parse error: ${thrown.message}`);
    if (thrown instanceof ToolkitError) throw badRequest(thrown.message);
    throw thrown;
  }
}

/** The policy of a kind whose dependents stay unless the client says otherwise. */
function orphaning({ resource, warn }: ResourceCall, options: DeleteOptions): DeleteOptions {
  const warning = resource.rules.orphansByDefault;
  if (warning === undefined || options.propagation !== undefined) return options;
  if (warning !== "") warn(warning);
  return { ...options, propagation: "Orphan" };
}

async function remove(parts: HandlerParts, call: ResourceCall, target: Target): Promise<ApiResponse> {
  const options = orphaning(call, await deleteOptions(call.request));
  const deleted = parts.deleter.delete(target, options);
  return answer(200, deleted.kind === "object" ? call.representation.one(deleted.object) : deleted.status, call.negotiated);
}

async function removeMany(parts: HandlerParts, call: ResourceCall): Promise<ApiResponse> {
  const { request, path, resource, representation } = call;
  const options = orphaning(call, await deleteOptions(request));
  const listOptions = parseListOptions(request.query, false);
  const selection = selectionOf(resource, path.namespace, listOptions.labelSelector, listOptions.fieldSelector);
  const page = listPage(parts.store, resource, selection, listOptions);
  for (const object of page.items) {
    const target = { resource, namespace: textAt(object, "metadata", "namespace") ?? "", name: textAt(object, "metadata", "name") ?? "" };
    parts.deleter.delete(target, options);
  }
  return answer(200, representation.page({ ...page, version: parts.store.version }), call.negotiated);
}
