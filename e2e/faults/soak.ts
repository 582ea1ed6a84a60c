/** Whether every fault is tried (`npm run test:soak`), or in the gate a chosen few. */
export const IS_SOAK: boolean = process.env["FAULTS"] === "all";

/** Says of a suite that takes minutes where it is left out. */
export function sayLeftToSoak(suite: string): void {
  if (!IS_SOAK) console.log(`left to npm run test:soak: ${suite}`);
}
