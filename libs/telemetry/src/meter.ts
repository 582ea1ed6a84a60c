import { ToolkitError, type Counter, type Gauge, type Histogram, type LabelledValue, type Labels, type Meter } from "@plumb/std";

/** A meter whose values can be read. */
export interface ExposedMeter extends Meter {
  /** Every series in Prometheus' text format 0.0.4. */
  expose(): string;
}

/** What goes with `expose()` into `Content-Type`. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type MetricType = "counter" | "gauge" | "histogram";

interface Metric {
  readonly type: MetricType;
  readonly help: string;
  readonly instrument: Counter | Gauge | Histogram;
  lines(): readonly string[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A meter that keeps its series in memory. Asking for a name again gives the same instrument. */
export function createMeter(): ExposedMeter {
  const metrics = new Map<string, Metric>();
  function register<Instrument extends Counter | Gauge | Histogram>(
    name: string,
    type: MetricType,
    create: () => Metric & { readonly instrument: Instrument },
  ): Instrument {
    const known = metrics.get(name);
    if (known !== undefined && known.type !== type) throw bug(`metric ${name} is a ${known.type}, not a ${type}`);
    if (!NAME.test(name)) throw bug(`"${name}" is no name of a metric`);
    if (known !== undefined) return known.instrument as Instrument; // why: a metric of this type was made by the same branch below
    const metric = create();
    metrics.set(name, metric);
    return metric.instrument;
  }
  return {
    counter: (name, help) => register(name, "counter", () => counterMetric(name, help)),
    gauge: (name, help, read) => register(name, "gauge", () => gaugeMetric(name, help, read)),
    histogram: (name, help, buckets) => register(name, "histogram", () => histogramMetric(name, help, buckets)),
    expose: () => [...metrics].map(([name, metric]) => block(name, metric)).join(""),
  };
}

/** `count` upper bounds from `min` to `max`, each the same multiple of the one before. */
export function exponentialBuckets(min: number, max: number, count: number): readonly number[] {
  const factor = (max / min) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, index) => min * factor ** index);
}

/** Series by the text of their labels, which is also how they are written. */
class SeriesMap<Value> {
  readonly #series = new Map<string, { readonly labels: Labels; value: Value }>();
  readonly #initial: () => Value;

  constructor(initial: () => Value) {
    this.#initial = initial;
  }

  update(labels: Labels, change: (value: Value) => Value): void {
    const key = labelText(labels);
    const found = this.#series.get(key);
    if (found === undefined) this.#series.set(key, { labels: { ...labels }, value: change(this.#initial()) });
    else found.value = change(found.value);
  }

  forget(labels: Labels): void {
    for (const [key, series] of this.#series) {
      if (Object.entries(labels).every(([name, value]) => series.labels[name] === value)) this.#series.delete(key);
    }
  }

  entries(): readonly (readonly [labels: string, value: Value])[] {
    return [...this.#series].map(([labels, { value }]) => [labels, value] as const);
  }
}

function counterMetric(name: string, help: string): Metric & { readonly instrument: Counter } {
  const series = new SeriesMap(() => 0);
  return {
    type: "counter",
    help,
    instrument: {
      add(labels, amount = 1) {
        if (!(amount >= 0)) throw bug(`counter ${name} cannot go down`);
        series.update(labels, (value) => value + amount);
      },
      forget: (labels) => series.forget(labels),
    },
    lines: () => series.entries().map(([labels, value]) => line(name, labels, value)),
  };
}

function gaugeMetric(name: string, help: string, read: (() => number | readonly LabelledValue[]) | undefined): Metric & { readonly instrument: Gauge } {
  const series = new SeriesMap(() => 0);
  return {
    type: "gauge",
    help,
    instrument: { set: (labels, value) => series.update(labels, () => value), forget: (labels) => series.forget(labels) },
    lines: () => (read === undefined ? series.entries().map(([labels, value]) => line(name, labels, value)) : readLines(name, read())),
  };
}

function readLines(name: string, read: number | readonly LabelledValue[]): readonly string[] {
  return typeof read === "number" ? [line(name, "", read)] : read.map(([labels, value]) => line(name, labelText(labels), value));
}

interface Distribution {
  /** How many values fell into each bucket alone; one more than there are bounds. */
  readonly counts: number[];
  readonly sum: number;
}

function histogramMetric(name: string, help: string, bounds: readonly number[]): Metric & { readonly instrument: Histogram } {
  const series = new SeriesMap<Distribution>(() => ({ counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }));
  return {
    type: "histogram",
    help,
    instrument: {
      observe(labels, value) {
        const place = bounds.findIndex((bound) => value <= bound);
        const bucket = place === -1 ? bounds.length : place;
        series.update(labels, ({ counts, sum }) => ({ counts: counts.with(bucket, (counts[bucket] ?? 0) + 1), sum: sum + value }));
      },
      forget: (labels) => series.forget(labels),
    },
    lines: () => series.entries().flatMap(([labels, value]) => distributionLines(name, labels, bounds, value)),
  };
}

function distributionLines(name: string, labels: string, bounds: readonly number[], { counts, sum }: Distribution): readonly string[] {
  const lines: string[] = [];
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    const bound = labelText({ le: numberText(bounds[index] ?? Infinity) });
    lines.push(line(`${name}_bucket`, labels === "" ? bound : `${labels},${bound}`, total));
  }
  return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)];
}

/** A gauge that is read from elsewhere and is called a total is a counter to whoever reads it. */
function block(name: string, { type, help, lines }: Metric): string {
  const series = lines();
  if (series.length === 0) return "";
  const shownType = type === "gauge" && name.endsWith("_total") ? "counter" : type;
  const words = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${words}\n# TYPE ${name} ${shownType}\n${series.join("\n")}\n`;
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${numberText(value)}`;
}

function labelText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  for (const name of names) if (!LABEL.test(name)) throw bug(`"${name}" is no name of a label`);
  return names.map((name) => `${name}="${escaped(labels[name] ?? "")}"`).join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return Number.isNaN(value) ? "NaN" : String(value);
}

function bug(message: string): ToolkitError {
  return new ToolkitError("internal", message);
}
