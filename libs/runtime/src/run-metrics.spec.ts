import { ToolkitError } from "@plumb/std";
import { createMeter, type ExposedMeter } from "@plumb/telemetry";
import { beforeEach, expect, it } from "vitest";
import { KeyQueue } from "./key-queue.ts";
import { RunMetrics, type KindMetrics } from "./run-metrics.ts";

let nowMs = 0;
let meter: ExposedMeter;
let metrics: KindMetrics;
beforeEach(() => {
  nowMs = 0;
  meter = createMeter();
  metrics = new RunMetrics(meter, { monotonicMs: () => nowMs }, 4).of("Kustomization");
});

/** The lines of one metric, without their name and the words about it. */
const linesOf = (name: string): readonly string[] =>
  meter
    .expose()
    .split("\n")
    .flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));

it("tells how deep the queue is, how long keys wait in it, and what is being worked on", async () => {
  const queue = new KeyQueue(metrics);
  const { signal } = new AbortController();
  for (const key of ["ns/a", "ns/b", "ns/b", "ns/c"]) queue.add(key);
  const labels = '{controller="kustomization",name="kustomization"}';
  expect(linesOf("workqueue_adds_total")).toEqual([`${labels} 3`]);
  nowMs = 2_000;
  expect(await queue.take(signal)).toBe("ns/a");
  nowMs = 3_000;
  expect(await queue.take(signal)).toBe("ns/b");
  nowMs = 5_000;
  expect(linesOf("workqueue_depth")).toEqual(['{controller="kustomization",name="kustomization",priority="0"} 1']);
  expect(linesOf("workqueue_queue_duration_seconds_sum")).toEqual([`${labels} 5`]);
  expect(linesOf("workqueue_unfinished_work_seconds")).toEqual([`${labels} 5`]);
  expect(linesOf("workqueue_longest_running_processor_seconds")).toEqual([`${labels} 3`]);
  expect(linesOf("controller_runtime_active_workers")).toEqual(['{controller="kustomization"} 2']);
  expect(linesOf("controller_runtime_max_concurrent_reconciles")).toEqual(['{controller="kustomization"} 4']);
  queue.add("ns/a");
  queue.finish("ns/a");
  queue.finish("ns/b");
  expect(linesOf("workqueue_adds_total")).toEqual([`${labels} 4`]);
  expect(linesOf("workqueue_work_duration_seconds_sum")).toEqual([`${labels} 5`]);
  expect(linesOf("controller_runtime_active_workers")).toEqual(['{controller="kustomization"} 0']);
});

it("counts runs by how they ended, also those that never did so yet", () => {
  const error = new ToolkitError("denied", "no");
  metrics.ran("ns/a", { kind: "settled", reason: "Succeeded", message: "", nextInMs: 1 }, 20);
  metrics.ran("ns/a", { kind: "failed", reason: "Failed", error }, 20);
  metrics.ran("ns/a", { kind: "failed", reason: "Failed", error: new ToolkitError("internal", "a bug") }, 20);
  expect(linesOf("controller_runtime_reconcile_total")).toEqual([
    '{controller="kustomization",result="requeue_after"} 1',
    '{controller="kustomization",result="error"} 2',
    '{controller="kustomization",result="success"} 0',
  ]);
  expect(linesOf("controller_runtime_reconcile_errors_total")).toEqual(['{controller="kustomization"} 2']);
  expect(linesOf("controller_runtime_reconcile_panics_total")).toEqual(['{controller="kustomization"} 1']);
  expect(linesOf("controller_runtime_reconcile_time_seconds_count")).toEqual(['{controller="kustomization"} 3']);
});

it("says nothing more of an object that is gone (C-025)", () => {
  metrics.ran("ns/a", { kind: "stalled", reason: "Failed", message: "" }, 20);
  expect(linesOf("gotk_reconcile_duration_seconds_count")).toEqual(['{kind="Kustomization",name="a",namespace="ns"} 1']);
  metrics.forget("ns/a");
  expect(linesOf("gotk_reconcile_duration_seconds_count")).toEqual([]);
});
