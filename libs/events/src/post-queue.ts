import type { ToolkitEvent } from "@plumb/api";
import type { Spool } from "@plumb/files";
import { retryAfterMs, type HttpClient, type HttpResponse } from "@plumb/http";
import { backoffMs, isObject, parseJson, pause, stringifyJson, toToolkitError, withDeadline, type Clock, type Counter, type Log } from "@plumb/std";

/** The part of a Spool that the queue uses. */
export type EventSpool = Pick<Spool, "add" | "list" | "read" | "remove">;

export interface PostQueueOptions {
  /** Where events are posted. */
  readonly url: URL;
  readonly http: HttpClient;
  /** Keeps durable events over a restart; undefined means that none are. */
  readonly spool: EventSpool | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly posted: Counter;
  readonly dropped: Counter;
}

/** An event that waits on disk for what is to become of it. */
export interface HeldEvent {
  readonly event: ToolkitEvent;
  readonly body: string;
  readonly spoolId: number | undefined;
}

interface Posting {
  /** `Kind/namespace/name` of the object, for the log. */
  readonly subject: string;
  readonly reason: string;
  readonly body: string;
  /** On the monotonic clock. */
  readonly acceptedMs: number;
  readonly spoolId: number | undefined;
}

/** Events of one object keep their order, for they share a lane; a lane sends one at a time. */
interface Lane {
  readonly waiting: Posting[];
  sending: Promise<void> | undefined;
  failures: number;
}

const LANES = 4;
/** Events in memory, those on disk included; above it, the oldest that is not on disk is dropped. */
const MAX_WAITING = 5000;
/** An event that is not on disk is given up after so long: by then it is no news. */
const MAX_AGE_MS = 30 * 60_000;
/** C-027. */
const REQUEST_TIMEOUT_MS = 5000;
const BACKOFF = { minMs: 500, maxMs: 30_000 };
/** What a server may ask us to wait. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;
const BUSY = 503;

/**
 * Posts events to notification-controller. A connection error or a 5xx is tried again with back-off until it works; any other
 * answer is final, 429 (which means: told already) among them (C-027), unless it is not notification-controller's own. Nobody
 * waits for it.
 */
export class PostQueue {
  readonly #options: PostQueueOptions;
  readonly #lanes: readonly Lane[] = Array.from({ length: LANES }, () => ({ waiting: [], sending: undefined, failures: 0 }));
  #signal: AbortSignal | undefined;

  constructor(options: PostQueueOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /**
   * Takes an event in. With `isDurable` it is on disk when the promise resolves; where the disk does not take it, it is kept
   * in memory alone and the log says so. Never rejects.
   */
  async add(event: ToolkitEvent, isDurable: boolean): Promise<void> {
    const body = stringifyJson(event);
    const spoolId = isDurable ? await this.#spooled(event, body) : undefined;
    this.#enqueue(event, body, spoolId);
  }

  /** Takes an event to disk and does not send it yet. Never rejects. */
  async hold(event: ToolkitEvent): Promise<HeldEvent> {
    const body = stringifyJson(event);
    return { event, body, spoolId: await this.#spooled(event, body) };
  }

  /** Sends an event that was held. */
  release({ event, body, spoolId }: HeldEvent): void {
    this.#enqueue(event, body, spoolId);
  }

  /** Forgets an event that was held. Never rejects. */
  async discard({ spoolId }: HeldEvent): Promise<void> {
    if (spoolId !== undefined) await this.#forget(spoolId);
  }

  /** Takes back what an earlier process left on disk; what the disk does not give back now is left for the next. Never rejects. */
  async load(): Promise<void> {
    const { spool, log } = this.#options;
    for (const { id } of spool?.list() ?? []) {
      try {
        const body = new TextDecoder().decode(await spool?.read(id));
        this.#enqueue(asEvent(body), body, id);
      } catch (thrown) {
        const error = toToolkitError(thrown);
        log.error("event in the spool cannot be read", { id, error: error.message });
        if (thrown instanceof SyntaxError || error.kind === "corrupt") await this.#forget(id);
      }
    }
  }

  /** Begins to send; `signal` ends it, what is on disk stays there. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    for (const lane of this.#lanes) this.#pump(lane);
  }

  /** Resolves when nothing waits any more, or the signal has ended the sending. */
  async idle(): Promise<void> {
    await Promise.all(this.#lanes.map(({ sending }) => sending));
  }

  async #spooled(event: ToolkitEvent, body: string): Promise<number | undefined> {
    const { spool, log } = this.#options;
    try {
      return await spool?.add(Buffer.from(body));
    } catch (thrown) {
      log.error("event could not be spooled", { object: subject(event), reason: event.reason, error: toToolkitError(thrown).message });
      return undefined;
    }
  }

  #enqueue(event: ToolkitEvent, body: string, spoolId: number | undefined): void {
    if (this.waiting >= MAX_WAITING) this.#dropOldest();
    const lane = this.#lanes[laneOf(subject(event))];
    lane?.waiting.push({ subject: subject(event), reason: event.reason, body, acceptedMs: this.#options.clock.monotonicMs(), spoolId });
    if (lane !== undefined) this.#pump(lane);
  }

  #dropOldest(): void {
    const fullest = this.#lanes.reduce((most, lane) => (lane.waiting.length > most.waiting.length ? lane : most));
    const oldest = fullest.waiting.findIndex(({ spoolId }, index) => spoolId === undefined && index > 0); // why: the first may be on its way
    if (oldest === -1) return;
    fullest.waiting.splice(oldest, 1);
    this.#options.dropped.add({ to: "notification", reason: "full" });
  }

  #pump(lane: Lane): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted || lane.waiting.length === 0) return;
    lane.sending ??= this.#drain(lane, signal).finally(() => {
      lane.sending = undefined;
      this.#pump(lane);
    });
  }

  async #drain(lane: Lane, signal: AbortSignal): Promise<void> {
    for (let [next] = lane.waiting; next !== undefined && !signal.aborted; [next] = lane.waiting) {
      const answer = await this.#send(next, signal);
      if (signal.aborted && answer.kind === "again") return;
      if (answer.kind === "again" && !this.#isTooOld(next)) {
        await pause(Math.min(answer.afterMs ?? backoffMs(lane.failures, BACKOFF), MAX_RETRY_AFTER_MS), this.#options.clock, signal);
        lane.failures += 1;
        continue;
      }
      if (answer.kind === "again") this.#options.dropped.add({ to: "notification", reason: "old" });
      else lane.failures = 0;
      lane.waiting.shift();
      if (next.spoolId !== undefined) await this.#forget(next.spoolId);
    }
  }

  #isTooOld({ acceptedMs, spoolId }: Posting): boolean {
    return spoolId === undefined && this.#options.clock.monotonicMs() - acceptedMs > MAX_AGE_MS;
  }

  async #send({ body, subject: object, reason }: Posting, signal: AbortSignal): Promise<{ kind: "final" } | { kind: "again"; afterMs?: number | undefined }> {
    const { http, url, log, posted, clock } = this.#options;
    try {
      const { status, afterMs } = await withDeadline(REQUEST_TIMEOUT_MS, signal, async (limit) => {
        const headers = { "content-type": "application/json" };
        const response = await http.send({ method: "POST", url, headers, body, signal: limit, headersTimeoutMs: REQUEST_TIMEOUT_MS });
        for await (const _ of response.body) continue;
        return { status: isForeignLimit(response) ? BUSY : response.status, afterMs: retryAfterMs(response, clock.nowMs()) };
      });
      posted.add({ code: String(status) });
      if (status >= 500) {
        log.debug("event was not taken, it is sent again", { object, reason, status });
        return { kind: "again", afterMs };
      }
      if (status === 429) log.debug("event was told already", { object, reason });
      else if (status < 200 || status > 299) log.error("event was refused", { object, reason, status });
      return { kind: "final" };
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "cancelled") log.debug("event could not be sent, it is sent again", { object, reason, error: error.message });
      return { kind: "again", afterMs: error.retryAfterMs };
    }
  }

  async #forget(id: number): Promise<void> {
    try {
      await this.#options.spool?.remove(id);
    } catch (thrown) {
      this.#options.log.error("event could not be taken out of the spool", { id, error: toToolkitError(thrown).message });
    }
  }
}

/** A 429 of somebody in between: that of notification-controller says what its limit is. */
function isForeignLimit({ status, headers }: HttpResponse): boolean {
  return status === 429 && headers["x-ratelimit-limit"] === undefined;
}

function subject({ involvedObject: { kind, namespace, name } }: ToolkitEvent): string {
  return `${kind}/${namespace}/${name}`;
}

function laneOf(key: string): number {
  let sum = 0;
  for (const character of key) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % LANES;
}

/** Reads back what this queue wrote. @throws {SyntaxError} for anything else */
function asEvent(body: string): ToolkitEvent {
  const value = parseJson(body);
  if (!isObject(value) || !isObject(value["involvedObject"])) throw new SyntaxError("not an event");
  return value as unknown as ToolkitEvent; // why: written by #spooled from a ToolkitEvent
}
