import type { Case } from "./case.ts";
import type { Target } from "./client.ts";
import { replay, type Replay, type ReplayOptions, type StepDifference } from "./replay.ts";

export interface Played extends Replay {
  readonly case: Case;
  /** Plays until one passed, or until no more were allowed. */
  readonly attempts: number;
}

export interface RunOptions extends ReplayOptions {
  /** Cases at once; each has a namespace of its own. */
  readonly concurrency?: number;
  /** Plays of a failing case. Two, as the recordings advise: the end of a second may fall into one. */
  readonly attempts?: number;
  /** Called as each case ends. */
  readonly onPlayed?: (played: Played) => void;
}

/** Plays all cases, several at once; answers in their order. */
export async function run(cases: readonly Case[], target: Target, signal: AbortSignal, options: RunOptions = {}): Promise<readonly Played[]> {
  const { concurrency = 8, onPlayed = () => undefined } = options;
  const played: Played[] = [];
  const waiting = cases.entries();
  const work = async (): Promise<void> => {
    for (const [index, recorded] of waiting) {
      const result = await playOften(recorded, target, signal, options);
      played[index] = result;
      onPlayed(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return played;
}

/** One line for each difference; long values are cut. */
export function describeDifferences(differences: readonly StepDifference[]): string {
  return differences
    .map(({ step, at, expected, actual }) => `  step ${step}\n    ${at}: expected ${shown(expected)}\n    ${" ".repeat(at.length)}       got ${shown(actual)}`)
    .join("\n");
}

/** Plays a case until it passes, or as often as `options` allow. */
export async function playOften(recorded: Case, target: Target, signal: AbortSignal, options: RunOptions = {}): Promise<Played> {
  for (let attempts = 1; ; attempts++) {
    const result = await replay(recorded, target, signal, options);
    if (result.differences.length === 0 || attempts >= (options.attempts ?? 2)) return { ...result, case: recorded, attempts };
  }
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}
