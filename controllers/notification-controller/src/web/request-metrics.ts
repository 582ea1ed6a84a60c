import type { Gauge, Histogram, Meter } from "@plumb/std";

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Measures the requests of one server under the names that Flux has (spec/flux-core 0.7). */
export class RequestMetrics {
  readonly #handler: string | undefined;
  readonly #durations: Histogram;
  readonly #sizes: Histogram;
  readonly #inflight: Gauge;
  readonly #counts = new Map<string, number>();

  /** @param handler what the label says of every path; undefined for the path itself (`--export-http-path-metrics`) */
  constructor(meter: Meter, prefix: "gotk_event" | "gotk_receiver", handler: string | undefined) {
    this.#handler = handler;
    this.#durations = meter.histogram(`${prefix}_http_request_duration_seconds`, "The latency of the HTTP requests.", DURATION_BUCKETS);
    this.#sizes = meter.histogram(`${prefix}_http_response_size_bytes`, "The size of the HTTP responses.", SIZE_BUCKETS);
    this.#inflight = meter.gauge(`${prefix}_http_requests_inflight`, "The number of inflight requests being handled at the same time.");
  }

  /** Counts a request in; returns what counts it out. @param path without its query */
  begin(method: string, path: string): (status: number, sizeBytes: number) => void {
    const handler = this.#handler ?? path;
    const startedMs = performance.now();
    this.#count(handler, 1);
    return (status, sizeBytes) => {
      const labels = { handler, method, code: String(status), service: "" };
      this.#durations.observe(labels, (performance.now() - startedMs) / 1000);
      this.#sizes.observe(labels, sizeBytes);
      this.#count(handler, -1);
    };
  }

  #count(handler: string, change: number): void {
    const count = (this.#counts.get(handler) ?? 0) + change;
    if (count === 0) this.#counts.delete(handler);
    else this.#counts.set(handler, count);
    this.#inflight.set({ handler, service: "" }, count);
  }
}
