export interface Timer {
  cancel(): void;
}

/** Time, handed in so that a test can hold it still. */
export interface Clock {
  /** Milliseconds since 1970, as the wall clock has it; for what is shown. */
  nowMs(): number;
  /** Milliseconds since some fixed moment, never set back; for what is measured. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs` milliseconds, however long that is. A timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** `setTimeout` fires at once for anything above this. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    let handle = arm(delayMs);
    function arm(leftMs: number): NodeJS.Timeout {
      const stepMs = Math.min(Math.max(leftMs, 0), MAX_TIMEOUT_MS);
      return setTimeout(() => {
        if (leftMs > stepMs) handle = arm(leftMs - stepMs);
        else run();
      }, stepMs).unref();
    }
    return { cancel: () => clearTimeout(handle) };
  },
};
