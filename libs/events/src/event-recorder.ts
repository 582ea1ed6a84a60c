import type { LiveObject, Notice } from "@plumb/api";
import type { HttpClient } from "@plumb/http";
import { aborted, pause, type Clock, type Log, type Meter } from "@plumb/std";
import { eventsOfRun } from "./kubernetes-event.ts";
import { KubernetesEvents, type CanWriteEvents } from "./kubernetes-events.ts";
import type { Reporter } from "./reporter.ts";
import { PostQueue, type EventSpool } from "./post-queue.ts";
import { toolkitEvent } from "./toolkit-event.ts";

export interface EventRecorderOptions {
  readonly reporter: Reporter;
  readonly client: CanWriteEvents;
  /** Where events are posted; undefined means nowhere (C-027). */
  readonly eventsUrl: URL | undefined;
  readonly http: HttpClient;
  /** Keeps durable notices over a restart. */
  readonly spool: EventSpool | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** How long a process that stops still sends what waits. */
const FLUSH_MS = 3000;

/**
 * Tells people about objects: a Kubernetes Event, and a POST to notification-controller. The runtime's Notifier, and a part
 * of its manager: `run` does the sending. Bounded; a notice is never waited for longer than the disk takes.
 */
export class EventRecorder {
  readonly name = "events";
  readonly #options: EventRecorderOptions;
  readonly #kubernetes: KubernetesEvents;
  readonly #posts: PostQueue | undefined;

  constructor(options: EventRecorderOptions) {
    const { client, reporter, clock, log, meter, eventsUrl, http, spool } = options;
    const dropped = meter.counter("plumb_events_dropped_total", "Events that were not delivered, by where they were to go and why.");
    const posted = meter.counter("plumb_events_posted_total", "Answers of notification-controller to events, by status code.");
    this.#options = options;
    this.#kubernetes = new KubernetesEvents({ client, reporter, clock, log, dropped });
    this.#posts = eventsUrl === undefined ? undefined : new PostQueue({ url: eventsUrl, http, spool, clock, log, posted, dropped });
  }

  /** Accepts the notices of one run, durable ones on disk when it resolves. Never rejects. */
  async notify(object: LiveObject, notices: readonly Notice[]): Promise<void> {
    const { reporter, clock } = this.#options;
    for (const notice of eventsOfRun(notices)) this.#kubernetes.add(object, notice);
    for (const notice of notices) {
      const event = toolkitEvent(object, notice, reporter, clock.nowMs());
      if (event !== undefined) await this.#posts?.add(event, notice.isDurable ?? false);
    }
  }

  /** Keeps a notice on disk until it is released or discarded, whichever comes first. Never rejects. */
  async hold(object: LiveObject, notice: Notice): Promise<{ release(): void; discard(): Promise<void> }> {
    const { reporter, clock } = this.#options;
    const event = toolkitEvent(object, notice, reporter, clock.nowMs());
    const held = event === undefined ? undefined : await this.#posts?.hold(event);
    let isSettled = false;
    const settle = (): boolean => !isSettled && (isSettled = true);
    return {
      release: () => {
        if (!settle()) return;
        for (const told of eventsOfRun([notice])) this.#kubernetes.add(object, told);
        if (held !== undefined) this.#posts?.release(held);
      },
      discard: async () => {
        if (settle() && held !== undefined) await this.#posts?.discard(held);
      },
    };
  }

  /** Sends until `signal` aborts, what an earlier process left on disk first; then for a moment more, so that the last words get out. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#posts?.load();
    const sending = new AbortController();
    this.#kubernetes.start(sending.signal);
    this.#posts?.start(sending.signal);
    await aborted(signal);
    await Promise.race([this.#idle(), pause(FLUSH_MS, this.#options.clock, sending.signal)]);
    sending.abort();
    await this.#idle();
  }

  async #idle(): Promise<void> {
    await Promise.all([this.#kubernetes.idle(), this.#posts?.idle()]);
  }
}
