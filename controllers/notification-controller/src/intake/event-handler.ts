import type { Alert, ToolkitEvent } from "@plumb/api";
import { toToolkitError, type Clock, type Log } from "@plumb/std";
import { deliveryOf } from "../delivery/delivery.ts";
import { cleaned, duplicateKey, parseEvent, withoutToken } from "./event-intake.ts";
import { combinedMetadata } from "../delivery/event-metadata.ts";
import { asksForLabels, matchAlerts, objectOf, type AlertWarning, type Labels } from "./match.ts";
import type { Outbox } from "../delivery/outbox.ts";
import { Patterns } from "./patterns.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { Answer } from "../web/web-server.ts";

export interface EventHandlerOptions {
  readonly alerts: () => Iterable<Alert>;
  /** Resolves when the Alerts are known. */
  readonly synced: (signal: AbortSignal) => Promise<void>;
  /** Reads the labels of the object that an event is about. */
  readonly labelsOf: (event: ToolkitEvent, signal: AbortSignal) => Promise<Labels>;
  readonly outbox: Pick<Outbox, "accept">;
  readonly limiter: RateLimiter;
  readonly warn: (warning: AlertWarning & { readonly metadata?: Readonly<Record<string, string>> }) => void;
  readonly allowsCrossNamespace: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const ACCEPTED: Answer = { status: 202 };
/** Shorter than a sender waits (C-027), so that it learns that it must ask again. */
const SYNC_DEADLINE_MS = 4000;

/** Answers one posted event: it is in the outbox, for every Alert that wants it, or the sender is told to try again. */
export class EventHandler {
  readonly #options: EventHandlerOptions;
  readonly #patterns = new Patterns();
  /** Once known, the Alerts stay known. */
  #isSynced = false;

  constructor(options: EventHandlerOptions) {
    this.#options = options;
  }

  /** Never rejects. @param body undefined for one that is too long */
  async answer(body: Uint8Array | undefined, signal: AbortSignal): Promise<Answer> {
    if (body === undefined) return { status: 413, text: "request body exceeds the maximum size of 3145728 bytes" };
    const event = this.#parsed(body);
    if (typeof event === "string") return { status: 400, text: event };
    const key = duplicateKey(event);
    const nowMs = this.#options.clock.nowMs();
    const monotonicMs = this.#options.clock.monotonicMs();
    const { isGranted, resetMs } = this.#options.limiter.take(key, monotonicMs);
    const headers = limitHeaders(nowMs + resetMs - monotonicMs);
    if (!isGranted) return { status: 429, headers: { ...headers, "retry-after": headers["x-ratelimit-reset"] }, text: "Too Many Requests" };
    try {
      if (!this.#isSynced) await this.#options.synced(AbortSignal.any([signal, AbortSignal.timeout(SYNC_DEADLINE_MS)]));
      this.#isSynced = true;
      await this.#dispatch(withoutToken(event), nowMs, signal);
      return { ...ACCEPTED, headers };
    } catch (thrown) {
      this.#options.limiter.giveBack(key);
      const error = toToolkitError(thrown);
      this.#options.log.error("event could not be taken in", { object: objectOf(event), reason: event.reason, error: error.message });
      return { status: 503, headers: { "retry-after": "5" }, text: error.message };
    }
  }

  async #dispatch(event: ToolkitEvent, nowMs: number, signal: AbortSignal): Promise<void> {
    const { alerts, labelsOf, outbox, warn, log, allowsCrossNamespace } = this.#options;
    const candidates = [...alerts()];
    const labels: Labels = asksForLabels(event, candidates) ? await labelsOf(event, signal) : { kind: "known", labels: {} };
    const matched = matchAlerts(event, candidates, labels, { patterns: this.#patterns, allowsCrossNamespace });
    for (const warning of matched.warnings) warn(warning);
    if (matched.alerts.length === 0) {
      log.debug("discarding event, no alerts found for the involved object", { object: objectOf(event), reason: event.reason });
      return;
    }
    await outbox.accept(matched.alerts.map((alert) => deliveryOf(event, alert, nowMs)));
    for (const alert of matched.alerts) this.#warnOfConflicts(event, alert);
    log.info("dispatching event", { object: objectOf(event), reason: event.reason, alerts: matched.alerts.length });
  }

  #warnOfConflicts(event: ToolkitEvent, alert: Alert): void {
    const { conflicts } = combinedMetadata(event, alert);
    if (Object.keys(conflicts).length === 0) return;
    const message = "metadata key conflicts detected (please refer to the Alert API docs and Flux RFC 0008 for more information)";
    this.#options.warn({ alert, reason: "MetadataAppendFailed", message, metadata: conflicts });
  }

  /** The event without what no Alert is to see, or what is wrong with the body. */
  #parsed(body: Uint8Array): ToolkitEvent | string {
    try {
      return cleaned(parseEvent(new TextDecoder().decode(body)));
    } catch (thrown) {
      return toToolkitError(thrown).message;
    }
  }
}

/** As Flux's limiter writes them: times as HTTP has them (RFC 9110 5.6.7). */
function limitHeaders(resetMs: number): Readonly<Record<"x-ratelimit-limit" | "x-ratelimit-remaining" | "x-ratelimit-reset", string>> {
  return { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": new Date(resetMs).toUTCString() };
}
