import type { LiveObject } from "@plumb/api";
import { follow, type Delta, type KubeClient, type ResourceName } from "@plumb/kube";
import { toToolkitError, type ToolkitError } from "@plumb/std";

/** What one watch covers. Equal targets share one. */
export interface WatchTarget {
  readonly resource: ResourceName;
  /** All namespaces without one. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface WatchHandler {
  /** Called in the order of the watch; a new subscriber of a running watch is not told what was before. */
  readonly onDelta: (delta: Delta) => void;
  /** The watch goes on; one that is forbidden may never work. */
  readonly onError: (error: ToolkitError) => void;
}

/** Metadata-only watches, each opened for its first subscriber and closed after its last. */
export class WatchHub {
  readonly #client: Pick<KubeClient, "list" | "watch">;
  /** By target. No entry without a handler. */
  readonly #open = new Map<string, { readonly handlers: Set<WatchHandler>; readonly stop: AbortController; readonly done: Promise<void> }>();

  constructor(client: Pick<KubeClient, "list" | "watch">) {
    this.#client = client;
  }

  /** Watches that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Subscribes; returns how to end that. */
  subscribe(target: WatchTarget, handler: WatchHandler): () => void {
    const key = keyOfTarget(target);
    const handlers = this.#open.get(key)?.handlers ?? this.#start(key, target);
    handlers.add(handler);
    return () => {
      handlers.delete(handler);
      if (handlers.size > 0) return;
      const watch = this.#open.get(key);
      if (watch?.handlers !== handlers) return;
      this.#open.delete(key);
      watch.stop.abort();
    };
  }

  /** Ends every watch, and resolves when all have ended. */
  async close(): Promise<void> {
    const watches = [...this.#open.values()];
    this.#open.clear();
    for (const { stop } of watches) stop.abort();
    await Promise.all(watches.map(({ done }) => done));
  }

  #start(key: string, target: WatchTarget): Set<WatchHandler> {
    const handlers = new Set<WatchHandler>();
    const stop = new AbortController();
    this.#open.set(key, { handlers, stop, done: this.#run(target, handlers, stop.signal) });
    return handlers;
  }

  async #run({ resource, namespace, labelSelector, fieldSelector }: WatchTarget, handlers: ReadonlySet<WatchHandler>, signal: AbortSignal): Promise<void> {
    const onError = (error: ToolkitError): void => {
      for (const handler of handlers) handler.onError(error);
    };
    const selectors = { ...(labelSelector === undefined ? {} : { labelSelector }), ...(fieldSelector === undefined ? {} : { fieldSelector }) };
    try {
      for await (const delta of follow(
        { client: this.#client, resource, namespace, ...selectors, metadataOnly: true, transform: withoutAnnotations, onError },
        signal,
      )) {
        for (const handler of handlers) handler.onDelta(delta);
      }
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "cancelled") onError(error);
    }
  }
}

function keyOfTarget({ resource, namespace, labelSelector, fieldSelector }: WatchTarget): string {
  return [resource.group, resource.version, resource.plural, namespace ?? "", labelSelector ?? "", fieldSelector ?? ""].join("\0");
}

/** They can hold Secret data (`last-applied-configuration`), and nobody here reads them. */
function withoutAnnotations(object: LiveObject): LiveObject {
  const { annotations: _annotations, ...metadata } = object.metadata;
  // why: annotations are optional in metadata, and nothing else was taken away
  return { ...object, metadata: metadata as LiveObject["metadata"] };
}
