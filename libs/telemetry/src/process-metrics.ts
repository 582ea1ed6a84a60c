import { readdirSync } from "node:fs";
import { constants, createHistogram, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { cpuUsage, memoryUsage, uptime } from "node:process";
import { getHeapStatistics } from "node:v8";
import type { Meter } from "@plumb/std";

const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);
const GC_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];
const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;

/**
 * Measures the process itself, under the names that Prometheus' clients for Go and Node use.
 *
 * @returns a function that stops measuring
 */
export function measureProcess(meter: Meter): () => void {
  const startedAt = Date.now() / 1000 - uptime();
  meter.gauge("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  });
  meter.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => memoryUsage.rss());
  meter.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", () => startedAt);
  meter.gauge("process_open_fds", "Number of open file descriptors.", openFiles);
  meter.gauge("nodejs_heap_size_used_bytes", "Process heap size used from Node.js in bytes.", () => memoryUsage().heapUsed);
  meter.gauge("nodejs_heap_size_total_bytes", "Process heap size from Node.js in bytes.", () => memoryUsage().heapTotal);
  meter.gauge("nodejs_heap_size_limit_bytes", "Heap size at which Node.js gives up, in bytes.", () => getHeapStatistics().heap_size_limit);
  meter.gauge("nodejs_external_memory_bytes", "Node.js external memory size in bytes.", () => memoryUsage().external);
  const stopLag = measureLag(meter);
  const stopCollections = measureCollections(meter);
  return () => {
    stopLag();
    stopCollections();
  };
}

/** Milliseconds between two samples of the event loop's delay, while there is work and while there is none: each wakes the process. */
const LAG_EVERY_MS = { busy: 100, quiet: 2_000 };
/** Part of the time above which the loop has work; the samples alone stay far below. */
const BUSY = 0.01;

/** How much later than asked for a timer fires. Few samples are of quiet times, so that percentiles tell of those with work. */
function measureLag(meter: Meter): () => void {
  const delay = createHistogram();
  let seen = performance.eventLoopUtilization();
  let timer: NodeJS.Timeout;
  const sampleIn = (waitMs: number): void => {
    const dueMs = performance.now() + waitMs;
    timer = setTimeout(() => {
      delay.record(Math.max(1, Math.round((performance.now() - dueMs) * NS_PER_MS)));
      const { utilization } = performance.eventLoopUtilization(seen);
      seen = performance.eventLoopUtilization();
      sampleIn(utilization > BUSY ? LAG_EVERY_MS.busy : LAG_EVERY_MS.quiet);
    }, waitMs).unref();
  };
  sampleIn(LAG_EVERY_MS.busy);
  const seconds = (ns: number): number => (delay.count === 0 ? 0 : ns / NS_PER_SECOND);
  meter.gauge("nodejs_eventloop_lag_mean_seconds", "The mean of the recorded event loop delays.", () => seconds(delay.mean));
  meter.gauge("nodejs_eventloop_lag_max_seconds", "The maximum recorded event loop delay.", () => seconds(delay.max));
  for (const percent of [50, 90, 99]) {
    const help = `The ${percent}th percentile of the recorded event loop delays.`;
    meter.gauge(`nodejs_eventloop_lag_p${percent}_seconds`, help, () => seconds(delay.percentile(percent)));
  }
  return () => clearTimeout(timer);
}

function measureCollections(meter: Meter): () => void {
  const histogram = meter.histogram("nodejs_gc_duration_seconds", "Garbage collection duration by kind.", GC_BUCKETS);
  const observer = new PerformanceObserver((list) => {
    // why: entries of type gc have this detail, which the types do not know
    for (const {
      duration,
      detail: { kind = 0 },
    } of list.getEntries() as (PerformanceEntry & { readonly detail: { readonly kind?: number } })[]) {
      histogram.observe({ kind: GC_KINDS.get(kind) ?? "other" }, duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}

/** Where the system does not tell, the answer is no number. */
function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return Number.NaN;
  }
}
