import type { LiveObject, Notice } from "@plumb/api";

/** Tells people. Implemented by `@plumb/events`; bounded, and never slower than its disk. */
export interface Notifier {
  /** Resolves when the notices are accepted, not when they are delivered. Never rejects. */
  notify(object: LiveObject, notices: readonly Notice[]): Promise<void>;
  /**
   * Keeps a notice on disk without telling it: it is told when it is released, or by the next process when this one dies
   * before. Never rejects.
   */
  hold(object: LiveObject, notice: Notice): Promise<HeldNotice>;
}

/** A notice that waits for what is to become of it. Of `release` and `discard` the first one counts. */
export interface HeldNotice {
  /** Tells it now. */
  release(): void;
  /** Forgets it, for something better has been told. */
  discard(): Promise<void>;
}
