import { toToolkitError, type Clock } from "@plumb/std";
import type { Discovery } from "../discovery/discovery.ts";
import type { Registry } from "../kinds/registry.ts";
import type { Knobs } from "../knobs.ts";
import { badRequest, internalError, noSuchResource, notAllowed, Refusal, unauthorized } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import type { ApiRequest, ApiResponse } from "./message.ts";
import { negotiateOrJson } from "./negotiate.ts";
import { parseResourcePath, type ResourcePath } from "./request-path.ts";
import { callOf, handleCollection, handleObject, isPretty, list, type HandlerParts } from "./resource-handler.ts";
import { answerRefusal, answerText, warningHeader } from "./respond.ts";
import { handleSubresource } from "./subresource-handler.ts";

export interface ApiParts extends HandlerParts {
  readonly registry: Registry;
  readonly discovery: Discovery;
  readonly knobs: Knobs;
  /** Bearer tokens that are let in; none lets everybody in. */
  readonly tokens: ReadonlySet<string>;
  readonly clock: Clock;
}

/** Probes are answered before anything else is asked. */
const PROBES: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"].flatMap((path) => [path, `${path}/ping`, `${path}/log`, `${path}/etcd`]));

/** Answers one request; never rejects. */
export async function handleRequest(parts: ApiParts, request: ApiRequest): Promise<ApiResponse> {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    if (!warnings.includes(text)) warnings.push(text);
  };
  try {
    return withWarnings(await route(parts, request, warn), warnings);
  } catch (thrown) {
    return withWarnings(answerRefusal(refusalOf(thrown), negotiateOrJson(request.headers.get("accept"), isPretty(request))), warnings);
  }
}

function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  // The stack ends where a body nests too deeply, in whatever reads it first.
  if (thrown instanceof RangeError && thrown.message.includes("call stack")) return badRequest("the body nests too deeply: exceeded max depth");
  return internalError(toToolkitError(thrown).message);
}

function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  return warnings.length === 0 ? response : { ...response, headers: { ...response.headers, warning: warnings.map(warningHeader) } };
}

async function route(parts: ApiParts, request: ApiRequest, warn: (text: string) => void): Promise<ApiResponse> {
  authenticate(parts, request);
  await parts.knobs.admit(request);
  if (PROBES.has(request.path)) return answerText(200, "ok");
  const path = parseResourcePath(request.path);
  if (path === undefined) return parts.discovery.answer(request);
  const { registry } = parts;
  const resource = registry.find(path.group, path.version, path.plural);
  if (resource === undefined) return unknownResource(registry, path);
  if (resource.deprecation !== undefined) warn(resource.deprecation);
  return handle(parts, request, path, resource, warn);
}

function authenticate({ tokens }: ApiParts, request: ApiRequest): void {
  if (tokens.size === 0) return;
  const [scheme = "", token = ""] = (request.headers.get("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !tokens.has(token)) throw unauthorized();
}

/** In a built-in group a Status; in the group of a custom resource, or one that nobody serves, a plain page. */
function unknownResource(registry: Registry, { group }: ResourcePath): ApiResponse {
  const isBuiltinGroup = registry.resources().some((resource) => resource.group === group && !resource.isCustom);
  if (isBuiltinGroup) throw noSuchResource();
  return answerText(404, "404 page not found\n");
}

async function handle(parts: ApiParts, request: ApiRequest, path: ResourcePath, resource: Resource, warn: (text: string) => void): Promise<ApiResponse> {
  const isMisplaced = path.namespace !== "" && !resource.isNamespaced;
  const isAcross = resource.isNamespaced && path.namespace === "" && path.name !== "";
  if (resource.isCustom && isMisplaced) return answerText(404, "404 page not found\n");
  if (isMisplaced || isAcross) throw isAcross && request.method !== "GET" ? notAllowed() : noSuchResource();
  if (path.subresource !== "") return handleSubresource(parts, request, path, resource, warn);
  const call = callOf(request, path, resource, warn, parts.clock);
  if (path.isWatch && request.method === "GET") return list(parts, call);
  return path.name === "" ? handleCollection(parts, call) : handleObject(parts, call);
}
