import type { LiveObject, Manifest } from "@plumb/api";
import { isObject, stringifyJson, systemClock, ToolkitError, type Clock, type JsonObject, type JsonValue } from "@plumb/std";
import { Discovery } from "./discovery.ts";
import type { KubeAccess } from "./kube-access.ts";
import type {
  ApplyOptions,
  CreateOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  ObjectName,
  PatchOptions,
  Resource,
  ResourceName,
  WatchEvent,
  WatchOptions,
} from "./kube-client.ts";
import { isAbsentObject, kubeDetails, KubeError, watchError } from "./kube-error.ts";
import { asLiveObject, parseAnswer, parseDryRun, parseLiveObject } from "./parse-answer.ts";
import type { Priority } from "./request-gate.ts";
import { collectionPath, objectPath, queryOf } from "./request-path.ts";
import { Requester, type Call, type RequestReport } from "./requester.ts";
import type { Answer } from "./transport.ts";

export interface KubeClientOptions {
  readonly access: KubeAccess;
  /** Such as `source-controller/0.1.0`; `plumb` unless set. */
  readonly userAgent?: string;
  /** Requests under way at once, watches not counted; 8 unless set, fewer while the server asks to slow down. */
  readonly maxInFlight?: number;
  /** Milliseconds for one whole answer; 30,000 unless set. */
  readonly timeoutMs?: number;
  /** Bytes of one answer or one event; 64 MiB unless set. */
  readonly maxAnswerBytes?: number;
  /** Milliseconds without a byte after which a watch is given up, and before which the server is asked to end it; 45,000 unless set. */
  readonly watchIdleMs?: number;
  /** Asked before each write is sent, also before it is sent again; false refuses it. Writes to leases are not asked about. */
  readonly mayWrite?: () => boolean;
  /** Told each warning that the API server gives. */
  readonly onWarning?: (warning: string) => void;
  readonly onRequest?: (report: RequestReport) => void;
  readonly clock?: Clock;
  /** 0 up to but without 1. */
  readonly random?: () => number;
}

/** A client that is to be closed. */
export interface KubeConnection extends KubeClient {
  /** Says that the kinds served have changed, as a watch of definitions tells. */
  invalidateDiscovery(): void;
  /** Closes every connection; what is under way is stopped. */
  close(): void;
}

const DEFAULT_PAGE = 500;
/** Lists begun anew when the version of their first page has expired meanwhile; the last one in a single page. */
const MAX_LISTS = 3;
const METADATA = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/**
 * Parts of the idle deadline after which the server is asked to end a watch: it sends a bookmark two seconds before, so that a
 * quiet watch goes on from a new version, on the same connection. Spread, so that not all end together.
 */
const WATCH_SPAN = { min: 0.75, spread: 0.15 };
const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** @throws {ToolkitError} `invalid` when the address, a certificate or a key cannot be read */
export function createKubeClient(options: KubeClientOptions): KubeConnection {
  return new HttpKubeClient(options);
}

class HttpKubeClient implements KubeConnection {
  readonly #requester: Requester;
  readonly #discovery: Discovery;
  readonly #maxAnswerBytes: number;
  readonly #watchIdleMs: number;
  readonly #random: () => number;

  constructor({
    access,
    userAgent = "plumb",
    maxInFlight = 8,
    timeoutMs = 30_000,
    maxAnswerBytes = 64 * 1024 * 1024,
    clock = systemClock,
    random = Math.random,
    ...rest
  }: KubeClientOptions) {
    const { watchIdleMs = 45_000, mayWrite = () => true, onWarning = () => undefined, onRequest = () => undefined } = rest;
    this.#requester = new Requester({ access, userAgent, maxInFlight, timeoutMs, maxAnswerBytes, clock, random, mayWrite, onWarning, onRequest });
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#watchIdleMs = watchIdleMs;
    this.#random = random;
    this.#discovery = new Discovery(
      (path, accept, etag, signal) =>
        this.#requester.send({
          method: "GET",
          path,
          accept,
          isRepeatable: true,
          signal,
          ...(etag === undefined ? {} : { headers: { "if-none-match": etag } }),
        }),
      clock,
    );
  }

  async get(
    object: ObjectName,
    { signal, metadataOnly = false }: { readonly signal: AbortSignal; readonly metadataOnly?: boolean },
  ): Promise<LiveObject | undefined> {
    const path = objectPath(object);
    try {
      const { body } = await this.#send(object.resource, { method: "GET", path, accept: accept(metadataOnly), isRepeatable: true, signal });
      return parseLiveObject(path, body);
    } catch (thrown) {
      if (thrown instanceof KubeError && isAbsentObject(thrown, object.name)) return undefined;
      throw thrown;
    }
  }

  async list(resource: ResourceName, options: ListOptions): Promise<ObjectList> {
    for (let lists = 1; ; lists++) {
      try {
        return await this.#listOnce(resource, options, lists === MAX_LISTS ? undefined : (options.pageSize ?? DEFAULT_PAGE));
      } catch (thrown) {
        if (lists === MAX_LISTS || kubeDetails(thrown)?.reason !== "Expired") throw thrown;
      }
    }
  }

  async #listOnce(resource: ResourceName, options: ListOptions, limit: number | undefined): Promise<ObjectList> {
    const { namespace, labelSelector, fieldSelector, metadataOnly = false, notOlderThan, transform, signal } = options;
    const path = collectionPath(resource, namespace);
    const listAccept = metadataOnly ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json" : "application/json";
    const items: LiveObject[] = [];
    let resourceVersion = "";
    let next: string | undefined;
    do {
      const version = next === undefined && notOlderThan !== undefined ? { resourceVersion: notOlderThan, resourceVersionMatch: "NotOlderThan" } : {};
      const query = queryOf({ labelSelector, fieldSelector, limit, continue: next, ...version });
      const { body } = await this.#send(resource, { method: "GET", path: path + query, accept: listAccept, isRepeatable: true, signal });
      const page = parseAnswer(path, body);
      const metadata = isObject(page["metadata"]) ? page["metadata"] : {};
      for (const item of itemsOf(path, page)) items.push(transform === undefined ? item : transform(item));
      if (next === undefined) resourceVersion = String(metadata["resourceVersion"] ?? "");
      next = typeof metadata["continue"] === "string" && metadata["continue"] !== "" ? metadata["continue"] : undefined;
    } while (next !== undefined);
    return { items, resourceVersion };
  }

  async *watch(resource: ResourceName, options: WatchOptions): AsyncGenerator<WatchEvent, void, undefined> {
    const { namespace, labelSelector, fieldSelector, metadataOnly = false, resourceVersion, sendInitialEvents, transform, signal } = options;
    const path = collectionPath(resource, namespace);
    const timeoutSeconds = Math.max(1, Math.floor((this.#watchIdleMs / 1000) * (WATCH_SPAN.min + this.#random() * WATCH_SPAN.spread)));
    const query = queryOf({
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds,
      labelSelector,
      fieldSelector,
      resourceVersion,
      ...(sendInitialEvents === true ? { sendInitialEvents, resourceVersionMatch: "NotOlderThan" } : {}),
    });
    const call = { method: "GET", path: path + query, accept: accept(metadataOnly), isRepeatable: true, signal } as const;
    const { lines } = await this.#requester.stream(call, { idleMs: this.#watchIdleMs, maxLineBytes: this.#maxAnswerBytes });
    for await (const batch of lines) for (const line of batch) yield watchEvent(path, line, transform);
  }

  async create(resource: ResourceName, object: Manifest, { fieldManager, dryRun, signal }: CreateOptions): Promise<LiveObject> {
    const query = queryOf({ fieldManager, dryRun: dryRun === true ? "All" : undefined });
    const path = collectionPath(resource, object.metadata.namespace) + query;
    return await this.#write(resource, { method: "POST", path, body: stringifyJson(object), isRepeatable: false, signal }, dryRun);
  }

  async apply(resource: ResourceName, object: Manifest, { fieldManager, force, dryRun, subresource, metadataOnly, signal }: ApplyOptions): Promise<LiveObject> {
    const { namespace, name } = object.metadata;
    const query = queryOf({ fieldManager, force: force || undefined, dryRun: dryRun ? "All" : undefined });
    const path = objectPath({ resource, namespace, name }, subresource) + query;
    const call = { method: "PATCH", path, contentType: "application/apply-patch+yaml", accept: accept(metadataOnly), body: stringifyJson(object) } as const;
    return await this.#write(resource, { ...call, priority: priorityOf(resource, subresource), isRepeatable: true, signal }, dryRun);
  }

  async patch(object: ObjectName, patch: JsonValue, { type, fieldManager, dryRun, subresource, metadataOnly, signal }: PatchOptions): Promise<LiveObject> {
    const query = queryOf({ fieldManager, dryRun: dryRun === true ? "All" : undefined });
    const path = objectPath(object, subresource) + query;
    const call = { method: "PATCH", path, contentType: PATCH_TYPES[type], accept: accept(metadataOnly), body: stringifyJson(patch) } as const;
    return await this.#write(object.resource, { ...call, priority: priorityOf(object.resource, subresource), isRepeatable: false, signal }, dryRun);
  }

  async delete(object: ObjectName, { propagation, uid, resourceVersion, signal }: DeleteOptions): Promise<"deleted" | "gone"> {
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = stringifyJson({ kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: propagation, preconditions });
    try {
      await this.#send(object.resource, { method: "DELETE", path: objectPath(object), body, isRepeatable: uid !== undefined, signal });
      return "deleted";
    } catch (thrown) {
      if (thrown instanceof KubeError && isAbsentObject(thrown, object.name)) return "gone";
      throw thrown;
    }
  }

  resourceFor(kind: { readonly apiVersion: string; readonly kind: string }, signal: AbortSignal): Promise<Resource> {
    return this.#discovery.resourceFor(kind, signal);
  }

  resourceOf(kind: { readonly group: string; readonly kind: string }, signal: AbortSignal): Promise<Resource> {
    return this.#discovery.resourceOf(kind, signal);
  }

  invalidateDiscovery(): void {
    this.#discovery.invalidate();
  }

  close(): void {
    this.#requester.close();
  }

  async #write(resource: ResourceName, call: Call, dryRun: boolean | undefined): Promise<LiveObject> {
    const { body } = await this.#send(resource, { ...call, isUnfenced: isLease(resource) });
    return dryRun === true ? parseDryRun(call.path, body) : parseLiveObject(call.path, body);
  }

  /** Sends, and keeps discovery true: a definition that was written and a resource that is not served both change it. */
  async #send(resource: ResourceName, call: Call): Promise<Answer> {
    try {
      const answer = await this.#requester.send(call);
      if (call.method !== "GET" && resource.group === "apiextensions.k8s.io") this.#discovery.invalidate();
      return answer;
    } catch (thrown) {
      if (thrown instanceof KubeError && thrown.kind === "missing" && thrown.details.name === "") this.#discovery.invalidate();
      throw thrown;
    }
  }
}

function accept(metadataOnly: boolean | undefined): string {
  return metadataOnly === true ? `application/json;${METADATA},application/json` : "application/json";
}

function isLease({ group, plural }: ResourceName): boolean {
  return group === "coordination.k8s.io" && plural === "leases";
}

function priorityOf(resource: ResourceName, subresource: string | undefined): Priority {
  return subresource === "status" || isLease(resource) ? "urgent" : "normal";
}

/** The items of a page; those of a list without their own kind get it from the list's. */
function itemsOf(subject: string, page: JsonObject): readonly LiveObject[] {
  const { apiVersion, kind, items } = page;
  if (items !== null && !Array.isArray(items)) throw new ToolkitError("unavailable", `${subject}: the answer is not a list`);
  const itemKind = typeof kind === "string" ? kind.replace(/List$/, "") : "";
  return (items ?? []).map((item) => asLiveObject(subject, isObject(item) && item["kind"] === undefined ? { apiVersion, kind: itemKind, ...item } : item));
}

function watchEvent(subject: string, line: string, transform: WatchOptions["transform"]): WatchEvent {
  const { type, object } = parseAnswer(subject, line);
  if (!isObject(object)) throw new ToolkitError("unavailable", `${subject}: an event without an object`);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const live = asLiveObject(subject, object);
      const item = transform === undefined ? live : transform(live);
      return { kind: type === "DELETED" ? "gone" : "put", item };
    }
    case "BOOKMARK": {
      const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
      const annotations = isObject(metadata["annotations"]) ? metadata["annotations"] : {};
      const isInitialEnd = annotations["k8s.io/initial-events-end"] === "true";
      return { kind: "bookmark", resourceVersion: String(metadata["resourceVersion"] ?? ""), ...(isInitialEnd ? { isInitialEnd } : {}) };
    }
    case "ERROR":
      throw watchError(object);
    default:
      throw new ToolkitError("unavailable", `${subject}: an event of type ${String(type)}`);
  }
}
