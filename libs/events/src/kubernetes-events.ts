import { randomInt } from "node:crypto";
import { subjectOf, type LiveObject, type Notice } from "@plumb/api";
import { isUnauthenticated, type KubeClient, type ResourceName } from "@plumb/kube";
import { backoffMs, pause, timestampOf, toToolkitError, type Clock, type Counter, type ErrorKind, type Log } from "@plumb/std";
import { EventLedger } from "./event-ledger.ts";
import { kubernetesEvent } from "./kubernetes-event.ts";
import type { Reporter } from "./reporter.ts";

const EVENTS: ResourceName = { group: "", version: "v1", plural: "events" };

/** Writing Events; a KubeClient can. */
export type CanWriteEvents = Pick<KubeClient, "create" | "patch">;

export interface KubernetesEventsOptions {
  readonly client: CanWriteEvents;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly log: Log;
  readonly dropped: Counter;
}

interface Waiting {
  readonly object: LiveObject;
  readonly notice: Notice;
  readonly atMs: number;
}

/** Above this, the oldest is dropped: an Event is a help to people, and never worth a controller's memory. */
const MAX_WAITING = 1000;
const MAX_TRIES = 4;
const BACKOFF = { minMs: 500, maxMs: 10_000 };
const WORTH_A_RETRY: ReadonlySet<ErrorKind> = new Set(["throttled", "unavailable", "conflict"]);

/** Writes Kubernetes Events one after the other, behind everybody's back: nobody waits for one and nothing fails by one. */
export class KubernetesEvents {
  readonly #options: KubernetesEventsOptions;
  readonly #ledger = new EventLedger();
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #signal: AbortSignal | undefined;

  constructor(options: KubernetesEventsOptions) {
    this.#options = options;
  }

  add(object: LiveObject, notice: Notice): void {
    const atMs = this.#options.clock.nowMs();
    if (!this.#ledger.allows(object, atMs)) {
      this.#options.dropped.add({ to: "kubernetes", reason: "suppressed" });
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#options.dropped.add({ to: "kubernetes", reason: "full" });
    }
    this.#waiting.push({ object, notice, atMs });
    this.#pump();
  }

  /** Begins to write; `signal` ends it. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#pump();
  }

  /** Resolves when nothing waits any more, or the signal has ended the writing. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  #pump(): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted || this.#waiting.length === 0) return;
    this.#writing ??= this.#drain(signal).finally(() => {
      this.#writing = undefined;
      this.#pump();
    });
  }

  async #drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      await this.#write(next, signal);
    }
  }

  async #write(waiting: Waiting, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await this.#tryOnce(waiting, signal);
        return;
      } catch (thrown) {
        const error = toToolkitError(thrown);
        if (error.kind === "cancelled" && signal.aborted) return;
        if (!(WORTH_A_RETRY.has(error.kind) || isUnauthenticated(error)) || failures + 1 === MAX_TRIES) {
          this.#options.dropped.add({ to: "kubernetes", reason: "refused" });
          this.#options.log.error("event could not be written", { object: subjectOf(waiting.object), reason: waiting.notice.reason, error: error.message });
          return;
        }
        await pause(error.retryAfterMs ?? backoffMs(failures, BACKOFF), this.#options.clock, signal);
      }
    }
  }

  async #tryOnce({ object, notice, atMs }: Waiting, signal: AbortSignal): Promise<void> {
    const { client, reporter } = this.#options;
    const entry = this.#ledger.look(object, notice, atMs);
    if (entry.kind === "again" && (await this.#countUp(object, entry, atMs, signal))) return;
    const event = kubernetesEvent(object, notice, reporter, suffixAt(atMs), atMs);
    await client.create(EVENTS, event, { fieldManager: reporter.controller, signal });
    this.#ledger.written(entry.key, event.metadata.name, 1, atMs);
  }

  /** False when the Event is gone, as after its hour. */
  async #countUp(object: LiveObject, { key, name, count }: { key: string; name: string; count: number }, atMs: number, signal: AbortSignal): Promise<boolean> {
    const { client, reporter } = this.#options;
    try {
      const target = { resource: EVENTS, namespace: object.metadata.namespace ?? "default", name };
      await client.patch(target, { count, lastTimestamp: timestampOf(atMs) }, { type: "merge", fieldManager: reporter.controller, metadataOnly: true, signal });
    } catch (thrown) {
      if (toToolkitError(thrown).kind !== "missing") throw thrown;
      this.#ledger.lost(key);
      return false;
    }
    this.#ledger.written(key, name, count, atMs);
    return true;
  }
}

/** 16 hexadecimal digits: nanoseconds since 1970, those below a millisecond at random, so that replicas do not meet. */
function suffixAt(nowMs: number): string {
  return (BigInt(Math.trunc(nowMs)) * 1_000_000n + BigInt(randomInt(1_000_000))).toString(16);
}
