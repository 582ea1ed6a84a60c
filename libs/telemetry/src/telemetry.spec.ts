import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createLog, createMeter, exponentialBuckets, measureProcess, type CreateLogOptions } from "./index.ts";
import { redactText } from "./redact-text.ts";

function recorded(options: Partial<CreateLogOptions> = {}): { readonly log: ReturnType<typeof createLog>; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ level: "info", encoding: "json", ...options, write: (line) => lines.push(line) }), lines };
}

describe("createLog", () => {
  it("writes one JSON object a line with Flux's keys", () => {
    const { log, lines } = recorded();
    log.with({ controller: "kustomization", name: "b" }).with({ name: "a" }).info("reconciled", { durationMs: 3, isOk: true, absent: undefined });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{"level":"info","ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/);
    expect(lines[0]?.match(/"name"/g)).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      ts: expect.any(String),
      msg: "reconciled",
      controller: "kustomization",
      name: "a",
      durationMs: 3,
      isOk: true,
    });
  });

  it.each([
    ["trace", 3],
    ["debug", 3],
    ["info", 2],
    ["error", 1],
  ] as const)("at level %s writes %i of debug, info and error", (level, count) => {
    const { log, lines } = recorded({ level });
    log.debug("d");
    log.info("i");
    log.error("e");
    expect(lines).toHaveLength(count);
  });

  it("lets no field take the place of the line's own keys, nor a message pull one in", () => {
    const { log, lines } = recorded();
    log.info("100%s %d %j", { msg: "x", level: "y", ts: "z" });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "100%s %d %j", msg_: "x", level_: "y", ts_: "z" });
  });

  it.each([
    "http://user:CANARY@host/x",
    'Get "https://CANARY@host/x": refused',
    "https://h/?access_token=CANARY",
    "https://h/?a=1&sig=CANARY&b=2",
    "Authorization: Bearer CANARYCANARY",
    "basic CANARYCANARY==",
    "eyJhbGciOi.CANARYCANARY.CANARY",
    "-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nCANARY",
  ])("cuts the credential out of %j, in the message, in fields and in what lines share", (text) => {
    for (const encoding of ["json", "console"] as const) {
      const { log, lines } = recorded({ encoding });
      log.with({ shared: text }).error(text, { error: text });
      expect(lines.join("")).not.toContain("CANARY");
    }
  });

  it("writes no field whose name says that it is a secret", () => {
    const { log, lines } = recorded();
    log.info("x", { password: "CANARY", clientSecret: "CANARY", "api-token": "CANARY", tokens: 3 });
    expect(lines.join("")).not.toContain("CANARY");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ password: "REDACTED", tokens: 3 });
  });

  it("writes a console line that no text can break or colour", () => {
    const { log, lines } = recorded({ encoding: "console" });
    log.error("bad\nline\u001b[31m", { name: "a\r\nb" });
    expect(lines[0]).toMatch(/^\S+Z\tERROR\tbad\\nline\\u001b\[31m\t\{"name":"a\\r\\nb"\}\n$/);
  });

  it("cuts a text that is a body rather than a message", () => {
    expect(redactText("x".repeat(1_000_000)).length).toBeLessThan(20_000);
  });

  it("always writes one line that is valid JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.webUrl({ withQueryParameters: true }), (message, value, url) => {
        const { log, lines } = recorded();
        log.info(`${message} "${url}?token=${value}"`, { value: `"${url}&key=${value}"` });
        expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
        expect(JSON.parse(lines[0] ?? "")).toHaveProperty("msg");
      }),
    );
  });

  it("has the last line out before a process ends at once", () => {
    const program = `import { createLog } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      createLog({ level: "info", encoding: "json" }).info("last words");
      process.kill(process.pid, "SIGKILL");`;
    const { stderr } = spawnSync(process.execPath, ["--conditions=@plumb/source", "--input-type=module", "-e", program], { encoding: "utf8" });
    expect(stderr).toContain('"msg":"last words"');
  });
});

describe("createMeter", () => {
  it("exposes counters, gauges and histograms as Prometheus reads them", () => {
    const meter = createMeter();
    const counter = meter.counter("jobs_total", "Jobs\nby \\ result.");
    counter.add({ result: "ok", kind: "a" });
    counter.add({ kind: "a", result: "ok" }, 2);
    counter.add({ result: 'b"\\\n' });
    meter.gauge("depth", "Depth.").set({}, -1.5);
    meter.gauge("free", "Free.", () => Infinity);
    meter.gauge("each", "Each.", () => [
      [{ name: "a" }, 1],
      [{ name: "b" }, 2],
    ]);
    const histogram = meter.histogram("took_seconds", "Took.", [0.1, 1]);
    for (const value of [0.1, 0.5, 7]) histogram.observe({ kind: "a" }, value);
    expect(meter.expose()).toBe(
      [
        "# HELP jobs_total Jobs\\nby \\\\ result.",
        "# TYPE jobs_total counter",
        'jobs_total{kind="a",result="ok"} 3',
        'jobs_total{result="b\\"\\\\\\n"} 1',
        "# HELP depth Depth.",
        "# TYPE depth gauge",
        "depth -1.5",
        "# HELP free Free.",
        "# TYPE free gauge",
        "free +Inf",
        "# HELP each Each.",
        "# TYPE each gauge",
        'each{name="a"} 1',
        'each{name="b"} 2',
        "# HELP took_seconds Took.",
        "# TYPE took_seconds histogram",
        'took_seconds_bucket{kind="a",le="0.1"} 1',
        'took_seconds_bucket{kind="a",le="1"} 2',
        'took_seconds_bucket{kind="a",le="+Inf"} 3',
        'took_seconds_sum{kind="a"} 7.6',
        'took_seconds_count{kind="a"} 3',
        "",
      ].join("\n"),
    );
  });

  it("forgets every series of an object that is gone, and no other", () => {
    const meter = createMeter();
    const counter = meter.counter("c_total", "C.");
    for (const [name, step] of [
      ["a", "1"],
      ["a", "2"],
      ["b", "1"],
    ] as const)
      counter.add({ name, step });
    counter.forget({ name: "a" });
    expect(meter.expose()).toContain('c_total{name="b",step="1"} 1');
    expect(meter.expose()).not.toContain('name="a"');
  });

  it("gives the same instrument for the same name, and refuses another type, a bad name or a falling counter", () => {
    const meter = createMeter();
    meter.counter("c_total", "C.").add({});
    meter.counter("c_total", "C.").add({});
    expect(meter.expose()).toContain("c_total 2");
    expect(() => meter.gauge("c_total", "C.")).toThrow("is a counter");
    expect(() => meter.gauge("a-b", "x")).toThrow("is no name");
    expect(() => meter.counter("c_total", "C.").add({ "a-b": "x" })).toThrow("is no name of a label");
    expect(() => meter.counter("c_total", "C.").add({}, -1)).toThrow("cannot go down");
  });

  it("counts every value in exactly one place, whatever the values", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (values) => {
        const meter = createMeter();
        const histogram = meter.histogram("h", "H.", exponentialBuckets(0.01, 1800, 10));
        for (const value of values) histogram.observe({}, value);
        const counts = [...meter.expose().matchAll(/^h_bucket\{le="[^"]+"\} (\d+)$/gm)].map(([, count]) => Number(count));
        expect(counts.at(-1) ?? 0).toBe(values.length);
        expect(counts).toEqual(counts.toSorted((a, b) => a - b));
      }),
    );
  });

  it("has Flux's ten buckets from ten milliseconds to half an hour", () => {
    const buckets = exponentialBuckets(0.01, 1800, 10);
    expect([buckets.length, buckets[0], Math.round(buckets[9] ?? 0)]).toEqual([10, 0.01, 1800]);
  });
});

describe("measureProcess", () => {
  it("tells CPU, memory, files, start and how late the event loop is", () => {
    const meter = createMeter();
    const stop = measureProcess(meter);
    const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(meter.expose())?.[1]);
    for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "nodejs_heap_size_used_bytes"]) {
      expect(valueOf(name)).toBeGreaterThan(0);
    }
    expect(meter.expose()).toContain("# TYPE process_cpu_seconds_total counter");
    expect(valueOf("process_start_time_seconds")).toBeLessThanOrEqual(Date.now() / 1000);
    expect(valueOf("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
    stop();
  });

  it("sees that the event loop was held up", async () => {
    const meter = createMeter();
    const stop = measureProcess(meter);
    const worst = (): number => Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(meter.expose())?.[1]);
    await vi.waitFor(
      async () => {
        const until = performance.now() + 300;
        while (performance.now() < until);
        await new Promise((resolve) => setImmediate(resolve));
        expect(worst()).toBeGreaterThan(0.1);
      },
      { timeout: 20_000, interval: 1 },
    );
    stop();
  });
});
