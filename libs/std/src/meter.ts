export type Labels = Readonly<Record<string, string>>;

export type LabelledValue = readonly [labels: Labels, value: number];

export interface Counter {
  add(labels: Labels, amount?: number): void;
  /** Removes every series whose labels include all of `labels`. */
  forget(labels: Labels): void;
}

export interface Gauge {
  set(labels: Labels, value: number): void;
  forget(labels: Labels): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  forget(labels: Labels): void;
}

/** Registers metrics by their full Prometheus name. The implementation is `@plumb/telemetry`. */
export interface Meter {
  counter(name: string, help: string): Counter;
  /** With `read`, the value or every series is asked for at each scrape and `set` is not needed. */
  gauge(name: string, help: string, read?: () => number | readonly LabelledValue[]): Gauge;
  /** @param buckets upper bounds, rising, in the unit that the name ends in */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
}

const nothing = (): void => {};

/** Measures nothing; for tests. */
export const noMeter: Meter = {
  counter: () => ({ add: nothing, forget: nothing }),
  gauge: () => ({ set: nothing, forget: nothing }),
  histogram: () => ({ observe: nothing, forget: nothing }),
};
