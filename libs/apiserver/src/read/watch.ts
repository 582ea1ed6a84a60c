import { stringifyJson, type Clock, type JsonObject, type Timer } from "@plumb/std";
import type { StreamSink } from "../http/message.ts";
import type { ListOptions } from "../http/list-options.ts";
import { expired, serverError } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { withVersion, type Store, type StoreEvent } from "../storage/store.ts";
import { present } from "../write/writer.ts";
import { askedVersion } from "./list.ts";
import type { Representation } from "./represent.ts";
import type { Selection } from "./selection.ts";

export interface WatchRequest {
  readonly resource: Resource;
  readonly selection: Selection;
  readonly options: ListOptions;
  readonly representation: Representation;
}

/** Between two bookmarks, where the client takes them. */
const BOOKMARK_EVERY_MS = 10_000;
/** A watch that asks for no end gets one, as upstream's default of 30 to 60 minutes. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;
/** A client that leaves this much unread is cut off. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/** What a watch starts with, decided before the answer begins so that a refusal still can be one. */
type Start = { readonly kind: "objects"; readonly isMarked: boolean } | { readonly kind: "after"; readonly version: number };

/**
 * Prepares a watch.
 *
 * @returns what writes its events into a sink until the client, the timeout or the server ends it
 * @throws {Refusal} 500 for a version that is none
 */
export function prepareWatch(
  store: Store,
  clock: Clock,
  request: WatchRequest,
  onOpen: (stop: (reason: "drop" | "end") => void) => () => void,
): (sink: StreamSink) => void {
  // A version from the future is waited for.
  const asked = askedVersion(request.options.resourceVersion, serverError);
  const { sendsInitialEvents, startsWithoutObjects, allowsBookmarks } = request.options;
  if (startsWithoutObjects && asked === 0) return (sink) => new Watch(store, clock, request, sink).run({ kind: "after", version: store.version }, onOpen);
  const start: Start =
    sendsInitialEvents || asked === 0 ? { kind: "objects", isMarked: sendsInitialEvents && allowsBookmarks } : { kind: "after", version: asked };
  return (sink) => new Watch(store, clock, request, sink).run(start, onOpen);
}

class Watch {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #request: WatchRequest;
  readonly #sink: StreamSink;
  readonly #timers: { timeout?: Timer; bookmark?: Timer } = {};
  /** Changes up to this one are not for the client. */
  #after = 0;
  #hasSent = false;
  #isOver = false;
  /** Called once, when the watch is over, whoever ended it. */
  readonly #closers: (() => void)[] = [];

  constructor(store: Store, clock: Clock, request: WatchRequest, sink: StreamSink) {
    this.#store = store;
    this.#clock = clock;
    this.#request = request;
    this.#sink = sink;
  }

  run(start: Start, onOpen: (stop: (reason: "drop" | "end") => void) => () => void): void {
    const { resource, options } = this.#request;
    this.#closers.push(onOpen(() => this.#end()));
    this.#sink.onClose(() => this.#close());
    if (start.kind === "objects") this.#sendObjects(start.isMarked);
    else {
      this.#after = start.version;
      if (!this.#sendSince(start.version)) return;
    }
    this.#closers.push(this.#store.collection(resource.collection).listen((event) => this.#take(event)));
    this.#timers.timeout = this.#clock.after(options.timeoutSeconds > 0 ? options.timeoutSeconds * 1000 : DEFAULT_TIMEOUT_MS, () => this.#end());
    if (options.allowsBookmarks) this.#armBookmark();
  }

  #sendObjects(isMarked: boolean): void {
    const { resource, selection } = this.#request;
    const { entries, version } = this.#store.collection(resource.collection).snapshot(selection.prefix);
    for (const [, object] of entries) if (selection.selects(object)) this.#send("ADDED", present(resource, object));
    if (isMarked) this.#sendBookmark(version, true);
  }

  /** False when the changes since then are forgotten: the client is told so, and the watch is over. */
  #sendSince(version: number): boolean {
    const isTooOld = version < this.#store.oldestWatched;
    const events = isTooOld ? undefined : this.#store.collection(this.#request.resource.collection).eventsSince(version);
    if (events === undefined) {
      const { status } = expired(`too old resource version: ${version} (${this.#store.version})`);
      this.#write("ERROR", status);
      this.#end();
      return false;
    }
    for (const event of events) this.#take(event);
    return true;
  }

  /** An object that enters the selection is added to the client's view, one that leaves it is deleted from it. */
  #take(event: StoreEvent): void {
    const { resource, selection } = this.#request;
    if (this.#isOver || event.version <= this.#after || !event.key.startsWith(selection.prefix)) return;
    const was = event.previous !== undefined && selection.selects(event.previous);
    const is = event.kind === "put" && selection.selects(event.object);
    if (!was && !is) return;
    const type = is ? (was ? "MODIFIED" : "ADDED") : "DELETED";
    const shown = is || event.kind === "gone" || event.previous === undefined ? event.object : withVersion(event.previous, event.version);
    this.#send(type, present(resource, shown));
  }

  #send(type: string, object: JsonObject): void {
    const shown = this.#request.representation.event(object, !this.#hasSent);
    this.#hasSent = true;
    this.#write(type, shown);
  }

  #sendBookmark(version: number, isEnd: boolean): void {
    const { resource, representation } = this.#request;
    const metadata: JsonObject = { resourceVersion: String(version), ...(isEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}) };
    const shown = representation.event({ ...resource.codec.empty(), metadata }, !this.#hasSent);
    this.#hasSent = true;
    this.#write("BOOKMARK", shown);
  }

  #armBookmark(): void {
    this.#timers.bookmark = this.#clock.after(BOOKMARK_EVERY_MS, () => {
      if (this.#isOver) return;
      this.#sendBookmark(this.#store.version, false);
      this.#armBookmark();
    });
  }

  #write(type: string, object: JsonObject): void {
    if (this.#isOver) return;
    this.#sink.write(`${stringifyJson({ type, object })}\n`);
    if (this.#sink.pendingBytes() > MAX_PENDING_BYTES) this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#close();
    this.#sink.end();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timers.timeout?.cancel();
    this.#timers.bookmark?.cancel();
    for (const close of this.#closers) close();
  }
}
