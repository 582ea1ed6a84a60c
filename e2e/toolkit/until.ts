import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds after which waiting is given up: many times what anything here takes. */
export const GIVE_UP_MS = 90_000;
const LOOK_EVERY_MS = 50;

/**
 * Looks until `look` finds something, and returns that. A look that throws counts as one that found nothing.
 *
 * @param describe what there is instead, for the failure's message
 * @throws {Error} naming what was waited for
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  describe: () => string = () => "",
): Promise<Found> {
  let lastFailure: unknown;
  for (const deadline = performance.now() + GIVE_UP_MS; performance.now() < deadline; await delay(LOOK_EVERY_MS)) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (thrown) {
      lastFailure = thrown;
    }
  }
  throw new Error(`not within ${GIVE_UP_MS / 1000} s: ${what}; there is ${describe()}`, { cause: lastFailure });
}
