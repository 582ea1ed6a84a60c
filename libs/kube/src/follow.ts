import type { LiveObject } from "@plumb/api";
import { backoffMs, sleep, ToolkitError, toToolkitError } from "@plumb/std";
import type { KubeClient, ListOptions, ResourceName, WatchEvent } from "./kube-client.ts";
import { isUnauthenticated, KubeError } from "./kube-error.ts";
import { TransportError } from "./transport-error.ts";

/** What is followed, and how. */
export interface Followed extends Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector" | "pageSize" | "metadataOnly" | "transform"> {
  readonly client: Pick<KubeClient, "list" | "watch">;
  readonly resource: ResourceName;
  /** Let the watch itself begin with what is there, instead of a list; for servers that can (Kubernetes 1.34 and newer). */
  readonly sendInitialEvents?: boolean;
  /** Told each failure; the following goes on. An expired version is none. */
  readonly onError?: (error: ToolkitError) => void;
  /** 0 up to but without 1. */
  readonly random?: () => number;
}

/** Everything that is there now. */
export interface Replaced {
  readonly kind: "replaced";
  readonly items: readonly LiveObject[];
  readonly resourceVersion: string;
  /** The server is behind what it has shown before, as after a backup was restored: what was seen and written since is undone. */
  readonly isSetBack?: true;
}

/** What was seen. The first is always `replaced`, and so is what follows a loss of sight. */
export type Delta = Replaced | WatchEvent;

/** After one failure: it may have been a connection. */
const FIRST_WAIT_MS = 250;
/** After more. Eight seconds at most, so that all is well again within fifteen of an API server's return. */
const OUTAGE_BACKOFF = { minMs: 1_000, maxMs: 8_000 };
/** The same where the refusal is no outage: a kind that is not served, a role that is not granted. */
const REFUSAL_BACKOFF = { minMs: 1_000, maxMs: 15_000 };
/** A watch that ends sooner, and without an event, counts as a failure: else a server that closes at once is asked without end. */
const SHORT_WATCH_MS = 1_000;

/**
 * Follows one kind for ever: a list, then its changes; a list again when the server has forgotten the version, or may have
 * been set back behind it. Never ends by itself: failures go to `onError` and are tried again.
 *
 * @throws {ToolkitError} `cancelled` when `signal` aborts, and nothing else
 */
export async function* follow(followed: Followed, signal: AbortSignal): AsyncGenerator<Delta, never, undefined> {
  const { onError = () => undefined, random = Math.random } = followed;
  /** Undefined when a list is due. */
  let version: string | undefined;
  /** The last version seen, also when a list is due. */
  let newest = "";
  let failures = 0;
  for (;;) {
    const startedMs = performance.now();
    let hasSeen = false;
    let isWatching = false;
    try {
      if (version === undefined) {
        const replaced = await (followed.sendInitialEvents === true ? initialEvents(followed, signal) : listed(followed, signal));
        version = replaced.resourceVersion;
        const isSetBack = isBehind(version, newest);
        newest = version;
        yield isSetBack ? { ...replaced, isSetBack } : replaced;
      }
      isWatching = true;
      for await (const event of events(followed, version, signal)) {
        const seen: string = event.kind === "bookmark" ? event.resourceVersion : event.item.metadata.resourceVersion;
        if (isBehind(seen, version)) throw setBack(seen, version);
        version = newest = seen;
        hasSeen = true;
        failures = 0;
        yield event;
      }
      if (!hasSeen && performance.now() - startedMs < SHORT_WATCH_MS) failures++;
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (signal.aborted) throw new ToolkitError("cancelled", `following ${followed.resource.plural}: stopped`, { cause: error });
      if (isWatching && mayHaveBeenSetBack(error)) version = undefined;
      if (!(isWatching && error.kind === "conflict")) onError(error);
      failures++;
      await sleep(waitMs(failures, error, random), signal);
      continue;
    }
    if (failures > 0) await sleep(waitMs(failures, undefined, random), signal);
  }
}

async function listed({ client, resource, ...options }: Followed, signal: AbortSignal): Promise<Replaced> {
  return {
    kind: "replaced",
    ...(await client.list(resource, { ...selection(options), ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }), signal })),
  };
}

function events({ client, resource, ...options }: Followed, resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
  return client.watch(resource, { ...selection(options), resourceVersion, signal });
}

/** What is there, from a watch that begins with it; the watch is left at the end of that. */
async function initialEvents({ client, resource, ...options }: Followed, signal: AbortSignal): Promise<Replaced> {
  const items = new Map<string, LiveObject>();
  for await (const event of client.watch(resource, { ...selection(options), resourceVersion: "", sendInitialEvents: true, signal })) {
    if (event.kind === "put") items.set(event.item.metadata.uid, event.item);
    if (event.kind === "gone") items.delete(event.item.metadata.uid);
    if (event.kind === "bookmark" && event.isInitialEnd === true)
      return { kind: "replaced", items: [...items.values()], resourceVersion: event.resourceVersion };
  }
  throw new ToolkitError("unavailable", `watch of ${resource.plural} ended before all that is there was sent`);
}

type Selection = Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector" | "metadataOnly" | "transform">;

function selection({ namespace, labelSelector, fieldSelector, metadataOnly, transform }: Selection): Selection {
  return {
    namespace,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(metadataOnly === undefined ? {} : { metadataOnly }),
    ...(transform === undefined ? {} : { transform }),
  };
}

/** True for a version that came before another. They are decimal numbers (Kubernetes 1.35 says so; every server before kept to it). False where one is none. */
export function isBehind(seen: string, known: string): boolean {
  return /^\d+$/.test(seen) && /^\d+$/.test(known) && BigInt(seen) < BigInt(known);
}

function setBack(seen: string, known: string): ToolkitError {
  return new ToolkitError("conflict", `version ${seen} came after ${known}`);
}

/** After an expired version, and when the server could not be reached: it may come back from a backup, behind what was seen. */
function mayHaveBeenSetBack(error: ToolkitError): boolean {
  if (error.kind === "conflict") return true;
  if (error.kind !== "unavailable") return false;
  return error instanceof KubeError || (error instanceof TransportError && (error.phase === "connect" || error.phase === "answer"));
}

/** Half of it by chance, so that not all come back together; never sooner than the server asked. */
function waitMs(failures: number, error: ToolkitError | undefined, random: () => number): number {
  const isOutage = error === undefined || ["unavailable", "throttled", "conflict"].includes(error.kind) || isUnauthenticated(error);
  const full = failures === 1 ? FIRST_WAIT_MS : backoffMs(failures - 2, isOutage ? OUTAGE_BACKOFF : REFUSAL_BACKOFF);
  return (error?.retryAfterMs ?? 0) + full * (0.5 + random() / 2);
}
