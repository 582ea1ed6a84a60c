import { it } from "vitest";

import type { Case } from "./case.ts";
import type { Target } from "./client.ts";
import { describeDifferences, playOften, type RunOptions } from "./run.ts";

/** Long enough for several polls of a case that is played twice. */
const CASE_MS = 180_000;

/** Makes each case a test of the suite around it, several at once. `target` is asked when the tests run. */
export function defineCases(cases: readonly Case[], target: () => Target, options: RunOptions = {}): void {
  for (const recorded of cases) {
    it.concurrent(`${recorded.topic}: ${recorded.name}`, { timeout: CASE_MS }, async ({ signal }) => {
      const { differences } = await playOften(recorded, target(), signal, options);
      if (differences.length > 0) throw new Error(`the answer is not what was recorded:\n${describeDifferences(differences)}`);
    });
  }
}
