import { timestampOf, type JsonObject } from "@plumb/std";
import { draftOf, equalJson, objectAt, textAt, within } from "../draft.ts";
import { badRequest, conflict, notAllowed, notFound } from "../refusal.ts";
import { boundPod } from "../write/bind-pod.ts";
import { keyOf } from "../storage/store.ts";
import { managerName, ownAfterUpdate } from "../write/ownership.ts";
import { isDeletable, named, type Target } from "../write/writer.ts";
import type { ApiResponse } from "./message.ts";
import { bodyFormat, parseObject, readBytes } from "./read-body.ts";
import type { HandlerParts, ResourceCall } from "./resource-handler.ts";
import { answer } from "./respond.ts";

type Virtual = (parts: HandlerParts, call: ResourceCall, target: Target, body: JsonObject) => ApiResponse;

/** Subresources that are no view of the object, by `plural/name`. */
const VIRTUALS: Readonly<Record<string, { readonly method: string; readonly run: Virtual }>> = {
  "pods/eviction": { method: "POST", run: evict },
  "pods/binding": { method: "POST", run: bind },
  "namespaces/finalize": { method: "PUT", run: finalize },
  "serviceaccounts/token": { method: "POST", run: issueToken },
};

/** Subresources of a pod that only a running container has. */
const CONTAINER_PARTS: ReadonlySet<string> = new Set(["log", "exec", "attach", "portforward"]);

const VERBS: Readonly<Record<string, string>> = { GET: "get", POST: "create", PUT: "update", PATCH: "patch" };

/** @throws {Refusal} 400 for what only a running container has, 404 for an absent object, 405 for what is not simulated */
export async function handleVirtual(parts: HandlerParts, call: ResourceCall): Promise<ApiResponse> {
  const { request, path, resource } = call;
  const target: Target = { resource, namespace: path.namespace, name: path.name };
  const virtual = VIRTUALS[`${resource.plural}/${path.subresource}`];
  const part = resource.subresources.find(({ name }) => name === path.subresource);
  const verb = VERBS[request.method] ?? "";
  if (part !== undefined && !part.verbs.includes(verb)) throw notAllowed();
  if (parts.writer.read(target) === undefined) throw notFound(named(resource, path.name));
  if (resource.plural === "pods" && CONTAINER_PARTS.has(path.subresource))
    throw badRequest(`workloads are simulated: no container of pod "${path.name}" runs, so it has no ${path.subresource}`);
  if (virtual === undefined || virtual.method !== request.method) throw notAllowed();
  const bytes = await readBytes(request);
  const body = bytes.byteLength === 0 ? {} : parseObject(bytes, bodyFormat(request), path.subresource).value;
  return virtual.run(parts, call, target, body);
}

const SUCCESS: JsonObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

function evict(parts: HandlerParts, call: ResourceCall, target: Target): ApiResponse {
  parts.deleter.delete(target, { isDryRun: false, propagation: undefined, gracePeriodSeconds: undefined, uid: undefined, resourceVersion: undefined });
  return answer(201, SUCCESS, call.negotiated);
}

function bind(parts: HandlerParts, call: ResourceCall, target: Target, body: JsonObject): ApiResponse {
  const collection = parts.store.collection(target.resource.collection);
  const key = keyOf(target.namespace, target.name);
  const pod = collection.get(key) ?? {};
  const bound = textAt(pod, "spec", "nodeName") ?? "";
  if (bound !== "")
    throw conflict({ ...named(target.resource, target.name), resource: "pods/binding" }, `pod ${target.name} is already assigned to node "${bound}"`);
  collection.put(key, boundPod(pod, textAt(body, "target", "name") ?? "", parts.now()));
  return answer(201, SUCCESS, call.negotiated);
}

/** A PUT of `/finalize` changes `spec.finalizers` alone. */
function finalize(parts: HandlerParts, call: ResourceCall, target: Target, body: JsonObject): ApiResponse {
  const collection = parts.store.collection(target.resource.collection);
  const live = collection.get(target.name) ?? {};
  const draft = draftOf(live);
  const wanted = objectAt(body, "spec")?.["finalizers"];
  if (Array.isArray(wanted) && wanted.length > 0) within(draft, "spec")["finalizers"] = wanted.filter((one) => typeof one === "string");
  else delete within(draft, "spec")["finalizers"];
  const { request, resource } = call;
  const manager = managerName(request.query.get("fieldManager") ?? "", request.headers.get("user-agent") ?? "");
  const owned = ownAfterUpdate(resource, live, draft, undefined, { manager, subresource: "finalize", now: parts.now() });
  if (!isDeletable(owned)) return answer(200, equalJson(owned, live) ? live : collection.put(target.name, owned), call.negotiated);
  collection.remove(target.name, owned);
  return answer(200, owned, call.negotiated);
}

/** A token that nobody checks; workloads are simulated. */
function issueToken(parts: HandlerParts, call: ResourceCall, target: Target, body: JsonObject): ApiResponse {
  const seconds = 3600;
  const expires = timestampOf(parts.clock.nowMs() + seconds * 1000);
  const token = Buffer.from(`${target.namespace}/${target.name}/${expires}`).toString("base64url");
  return answer(
    201,
    { ...body, kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", status: { token, expirationTimestamp: expires } },
    call.negotiated,
  );
}
