import type { Spool } from "@plumb/files";
import { aborted, backoffMs, toToolkitError, type Clock, type Counter, type Log, type Timer } from "@plumb/std";
import { decodeDelivery, DISPATCH_FAILED, encodeDelivery, type Attempt, type Delivery } from "./delivery.ts";
import { objectOf } from "../intake/match.ts";

/** The part of a Spool that the outbox uses. */
export type OutboxSpool = Pick<Spool, "add" | "list" | "read" | "remove">;

export interface OutboxOptions {
  readonly spool: OutboxSpool;
  /** Tries a delivery once; never rejects. */
  readonly attempt: (delivery: Delivery, signal: AbortSignal) => Promise<Attempt>;
  /** Tells the owner of the Alert that something is wrong with it. */
  readonly warn: (delivery: Delivery, reason: string, message: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** By `result`. */
  readonly finished: Counter;
}

interface Waiting {
  readonly id: number;
  /** When it was accepted, on the monotonic clock of this process: whoever sets the wall clock makes nothing older. */
  readonly bornMs: number;
}

/** Deliveries of one object to one Alert, in order; one is tried at a time. */
interface Lane {
  readonly waiting: Waiting[];
  isBusy: boolean;
  failures: number;
  notBeforeMs: number;
}

/** All that goes to one Provider. While it fails, one delivery at a time tries whether it is back. */
interface Channel {
  /** The one that was tried longest ago first. No lane is empty. */
  readonly lanes: Map<string, Lane>;
  inFlight: number;
  failures: number;
  notBeforeMs: number;
  timer: Timer | undefined;
}

/** Messages on their way to one Provider at the same time. */
const MAX_IN_FLIGHT = 4;
const CHANNEL_BACKOFF = { minMs: 500, maxMs: 30_000 };
const LANE_BACKOFF = { minMs: 1000, maxMs: 5 * 60_000 };
/** What a server may ask us to wait. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** How long a try may go on when the process stops: one that is cut off is made again by the next process. */
const GRACE_MS = 3000;
/** How long a Provider may be away before what it missed is given up. */
const MAX_OUTAGE_MS = 24 * 60 * 60_000;
/** How long a Provider may be wrongly configured, or not be there yet. */
const MAX_MISCONFIGURED_MS = 10 * 60_000;

/**
 * Deliveries that wait on disk until they are made: each at least once, those of one object to one Alert in their order.
 * One Provider that hangs or refuses delays no other, and one message that is never taken does not hold up the rest.
 */
export class Outbox {
  readonly name = "outbox";
  readonly #options: OutboxOptions;
  /** By namespace and name of the Provider. */
  readonly #channels = new Map<string, Channel>();
  readonly #attempts = new Set<Promise<void>>();
  /** No try begins without it, nor after its abort. */
  #signal: AbortSignal | undefined;
  /** Ends the tries under way. */
  readonly #giveUp = new AbortController();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Deliveries that are waiting or under way. */
  get count(): number {
    return [...this.#channels.values()].flatMap(({ lanes }) => [...lanes.values()]).reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /**
   * Takes deliveries in: they are on disk when the promise resolves, all of them or none.
   *
   * @throws {ToolkitError} `throttled` when the outbox is full, `unavailable` when the disk does not take them
   */
  async accept(deliveries: readonly Delivery[]): Promise<void> {
    const { spool } = this.#options;
    const added = await Promise.allSettled(deliveries.map((delivery) => spool.add(encodeDelivery(delivery))));
    const failure = added.find((result) => result.status === "rejected");
    if (failure !== undefined) {
      await Promise.all(added.map((result) => (result.status === "fulfilled" ? this.#forget(result.value) : undefined)));
      throw toToolkitError(failure.reason);
    }
    for (const [index, result] of added.entries()) {
      const delivery = deliveries[index];
      if (delivery !== undefined && result.status === "fulfilled") this.#enqueue(delivery, result.value);
    }
  }

  /**
   * Delivers until `signal` aborts, what an earlier process left first; resolves when no try is under way.
   *
   * @throws {ToolkitError} when what was left cannot be read, so that nothing of it is lost
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#load();
    this.#signal = signal;
    for (const channel of this.#channels.values()) this.#pump(channel);
    await aborted(signal);
    for (const { timer } of this.#channels.values()) timer?.cancel();
    const grace = this.#options.clock.after(GRACE_MS, () => this.#giveUp.abort());
    await Promise.all(this.#attempts);
    grace.cancel();
  }

  /** Tries what waits for a Provider at once: it, or what it names, has changed. */
  wake(namespace: string, provider: string): void {
    const channel = this.#channels.get(channelKey(namespace, provider));
    if (channel === undefined) return;
    channel.notBeforeMs = 0;
    for (const lane of channel.lanes.values()) lane.notBeforeMs = 0;
    this.#pump(channel);
  }

  async #load(): Promise<void> {
    const { spool, log } = this.#options;
    const known = new Set([...this.#channels.values()].flatMap(({ lanes }) => [...lanes.values()]).flatMap(({ waiting }) => waiting.map(({ id }) => id)));
    for (const { id } of spool.list()) {
      if (known.has(id)) continue;
      const delivery = await this.#read(id);
      if (delivery !== undefined) this.#enqueue(delivery, id);
      else {
        log.error("delivery in the outbox is damaged", { id });
        await this.#forget(id);
      }
    }
    for (const { lanes } of this.#channels.values()) for (const { waiting } of lanes.values()) waiting.sort((a, b) => a.id - b.id);
  }

  #enqueue(delivery: Delivery, id: number): void {
    const key = channelKey(delivery.alert.namespace, delivery.provider);
    const channel: Channel = this.#channels.get(key) ?? { lanes: new Map(), inFlight: 0, failures: 0, notBeforeMs: 0, timer: undefined };
    this.#channels.set(key, channel);
    const laneKey = `${delivery.alert.uid} ${objectOf(delivery.event)}`;
    const lane: Lane = channel.lanes.get(laneKey) ?? { waiting: [], isBusy: false, failures: 0, notBeforeMs: 0 };
    channel.lanes.set(laneKey, lane);
    const { clock } = this.#options;
    lane.waiting.push({ id, bornMs: clock.monotonicMs() - Math.max(0, clock.nowMs() - delivery.acceptedMs) });
    this.#pump(channel);
  }

  /** Begins as many tries as may be made now, and sets the timer for the next. */
  #pump(channel: Channel): void {
    channel.timer?.cancel();
    channel.timer = undefined;
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) return;
    const nowMs = this.#options.clock.monotonicMs();
    const limit = channel.failures === 0 ? MAX_IN_FLIGHT : 1;
    if (channel.inFlight >= limit) return;
    if (channel.notBeforeMs > nowMs) return this.#pumpAt(channel, channel.notBeforeMs, nowMs);
    let nextMs = Infinity;
    for (const [key, lane] of channel.lanes) {
      if (lane.isBusy) continue;
      if (lane.notBeforeMs > nowMs) nextMs = Math.min(nextMs, lane.notBeforeMs);
      else this.#begin(channel, key, lane);
      if (channel.inFlight >= limit) return;
    }
    if (nextMs !== Infinity) this.#pumpAt(channel, nextMs, nowMs);
  }

  #pumpAt(channel: Channel, atMs: number, nowMs: number): void {
    channel.timer = this.#options.clock.after(atMs - nowMs, () => this.#pump(channel));
  }

  #begin(channel: Channel, key: string, lane: Lane): void {
    lane.isBusy = true;
    channel.inFlight += 1;
    channel.lanes.delete(key);
    channel.lanes.set(key, lane);
    const attempt = this.#tryFirst(channel, lane).finally(() => {
      this.#attempts.delete(attempt);
      lane.isBusy = false;
      channel.inFlight -= 1;
      if (lane.waiting.length === 0) channel.lanes.delete(key);
      if (channel.lanes.size === 0 && channel.failures === 0) this.#dropChannel(channel);
      this.#pump(channel);
    });
    this.#attempts.add(attempt);
  }

  async #tryFirst(channel: Channel, lane: Lane): Promise<void> {
    const { signal } = this.#giveUp;
    const [first] = lane.waiting;
    if (first === undefined) return;
    const { delivery, attempt } = await this.#try(first.id, signal);
    if (signal.aborted && attempt.kind === "failed") return;
    const isOver = attempt.kind !== "failed" || this.#isTooOld(first, attempt);
    if (delivery !== undefined) this.#tell(delivery, attempt, { isFirst: channel.failures === 0, isOver });
    this.#pace(channel, lane, attempt);
    if (!isOver) return;
    lane.waiting.shift();
    await this.#forget(first.id);
    if (attempt.kind === "failed") await this.#expire(channel, attempt);
  }

  /** Reads a delivery and tries it; a disk that fails is an outage like another. */
  async #try(id: number, signal: AbortSignal): Promise<{ readonly delivery?: Delivery; readonly attempt: Attempt }> {
    const { log } = this.#options;
    try {
      const delivery = await this.#read(id);
      if (delivery !== undefined) return { delivery, attempt: await this.#options.attempt(delivery, signal) };
      log.error("delivery in the outbox is damaged", { id });
      return { attempt: { kind: "obsolete", because: "it is damaged" } };
    } catch (thrown) {
      const { message } = toToolkitError(thrown);
      log.error("outbox cannot be read", { id, error: message });
      return { attempt: { kind: "failed", message, isOutage: true } };
    }
  }

  /** Gives up all that is as old as what was just given up; waiting for a try of each would take for ever. */
  async #expire(channel: Channel, attempt: Extract<Attempt, { kind: "failed" }>): Promise<void> {
    for (const [key, lane] of channel.lanes) {
      if (lane.isBusy) continue;
      const expired = lane.waiting.filter((waiting) => this.#isTooOld(waiting, attempt));
      lane.waiting.splice(0, expired.length);
      if (lane.waiting.length === 0) channel.lanes.delete(key);
      this.#options.finished.add({ result: "expired" }, expired.length);
      await Promise.all(expired.map(({ id }) => this.#forget(id)));
    }
  }

  /** Back-off of the Provider and of the object. What the Provider says of one message alone says nothing of the others. */
  #pace(channel: Channel, lane: Lane, attempt: Attempt): void {
    if (attempt.kind !== "failed") {
      if (attempt.kind !== "obsolete") channel.failures = channel.notBeforeMs = 0;
      lane.failures = lane.notBeforeMs = 0;
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    const toldMs = attempt.retryAfterMs === undefined ? undefined : Math.min(attempt.retryAfterMs, MAX_RETRY_AFTER_MS);
    lane.notBeforeMs = nowMs + (toldMs ?? backoffMs(lane.failures, LANE_BACKOFF));
    channel.notBeforeMs = nowMs + (toldMs ?? backoffMs(channel.failures, CHANNEL_BACKOFF));
    lane.failures += 1;
    channel.failures += 1;
  }

  #tell(delivery: Delivery, attempt: Attempt, { isFirst, isOver }: { readonly isFirst: boolean; readonly isOver: boolean }): void {
    const { log, warn, finished } = this.#options;
    const { namespace, name } = delivery.alert;
    const fields = { object: objectOf(delivery.event), reason: delivery.event.reason, alert: `${namespace}/${name}`, provider: delivery.provider };
    if (isOver) finished.add({ result: attempt.kind === "failed" ? "expired" : attempt.kind });
    if (attempt.kind === "delivered") log.debug("event delivered", fields);
    else if (attempt.kind === "obsolete") log.debug("event dropped", { ...fields, because: attempt.because });
    else {
      log[isOver || isFirst ? "info" : "debug"](isOver ? "event given up" : "event not delivered, it is sent again", { ...fields, error: attempt.message });
      if (isOver || isFirst) warn(delivery, attempt.kind === "refused" ? attempt.reason : DISPATCH_FAILED, attempt.message);
    }
  }

  #isTooOld({ bornMs }: Waiting, { isOutage }: Extract<Attempt, { kind: "failed" }>): boolean {
    return this.#options.clock.monotonicMs() - bornMs > (isOutage ? MAX_OUTAGE_MS : MAX_MISCONFIGURED_MS);
  }

  /** Undefined for one that is damaged and will stay so. @throws {ToolkitError} when the disk fails */
  async #read(id: number): Promise<Delivery | undefined> {
    try {
      return decodeDelivery(await this.#options.spool.read(id));
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind === "corrupt" || error.kind === "missing") return undefined;
      throw error;
    }
  }

  async #forget(id: number): Promise<void> {
    try {
      await this.#options.spool.remove(id);
    } catch (thrown) {
      this.#options.log.error("delivery could not be taken out of the outbox", { id, error: toToolkitError(thrown).message });
    }
  }

  #dropChannel(channel: Channel): void {
    for (const [key, candidate] of this.#channels) if (candidate === channel && channel.inFlight === 0) this.#channels.delete(key);
  }
}

function channelKey(namespace: string, provider: string): string {
  return `${namespace}/${provider}`;
}
