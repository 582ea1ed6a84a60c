import { createMeter } from "@plumb/telemetry";
import { expect, it } from "vitest";
import { RequestMetrics } from "./request-metrics.ts";

it("counts requests under Flux's names, one handler for every path", () => {
  const meter = createMeter();
  const metrics = new RequestMetrics(meter, "gotk_event", "/");
  const finish = metrics.begin("POST", "/some/path");
  expect(meter.expose()).toContain('gotk_event_http_requests_inflight{handler="/",service=""} 1');
  finish(202, 7);
  const text = meter.expose();
  expect(text).toContain('gotk_event_http_requests_inflight{handler="/",service=""} 0');
  expect(text).toMatch(/gotk_event_http_request_duration_seconds_count\{[^}]*code="202"[^}]*\} 1/);
  expect(text).toMatch(/gotk_event_http_response_size_bytes_sum\{[^}]*method="POST"[^}]*\} 7/);
  expect(text).not.toContain("/some/path");
});

it("tells paths apart only when it is asked to, for they are secrets of Receivers", () => {
  const meter = createMeter();
  new RequestMetrics(meter, "gotk_receiver", undefined).begin("POST", "/hook/1")(200, 0);
  expect(meter.expose()).toContain('handler="/hook/1"');
});
