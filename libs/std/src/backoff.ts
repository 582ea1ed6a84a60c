export interface BackoffLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait after `failures` earlier failures in a row: `minMs`, doubled for each, at most `maxMs`. */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffLimits): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(failures, 52));
}
