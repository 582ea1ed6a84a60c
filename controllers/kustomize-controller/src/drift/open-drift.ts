import type { Drift, Owner } from "@plumb/apply";
import type { HeldNotice, Notifier } from "@plumb/runtime";
import type { Clock, Timer, ToolkitError } from "@plumb/std";
import { correctedNotice, detectedNotice, resolvedNotice } from "./drift-notice.ts";
import type { Wanted } from "./wanted.ts";

/** Drift that is over within so long is told in one message. */
const TELL_AFTER_MS = 5000;

export interface Telling {
  readonly notifier: Notifier;
  readonly clock: Clock;
}

/** A drift that is not over. Its notice is on disk and told by nobody at first; `tell` says it, and then `end` says that it is over. */
export class OpenDrift {
  readonly owner: Owner;
  readonly #drift: Drift;
  readonly #telling: Telling;
  #held: HeldNotice;
  /** Why it could not be corrected, as the held notice says. */
  #failure: string | undefined;
  #isTold = false;
  #timer: Timer | undefined;

  private constructor(owner: Owner, drift: Drift, held: HeldNotice, telling: Telling) {
    [this.owner, this.#drift, this.#held, this.#telling] = [owner, drift, held, telling];
  }

  /** Resolves when the notice is on disk. */
  static async see({ obj, owner, revision }: Wanted, drift: Drift, telling: Telling): Promise<OpenDrift> {
    const held = await telling.notifier.hold(obj, detectedNotice(drift, revision, undefined));
    const open = new OpenDrift(owner, drift, held, telling);
    open.tellSoon();
    return open;
  }

  /** Says it after five seconds from now. */
  tellSoon(): void {
    this.pause();
    if (!this.#isTold) this.#timer = this.#telling.clock.after(TELL_AFTER_MS, () => this.tell());
  }

  /** Says it at no time by itself. */
  pause(): void {
    this.#timer?.cancel();
  }

  /** Says now that it is there, if that has not been said. */
  tell(): void {
    this.pause();
    this.#isTold = true;
    this.#held.release();
  }

  /** Has the notice, while nobody has been told, say why the drift is still there. */
  async explain({ obj, revision }: Wanted, error: ToolkitError): Promise<void> {
    if (this.#isTold || this.#failure === error.message) return;
    const held = this.#held;
    this.#failure = error.message;
    this.#held = await this.#telling.notifier.hold(obj, detectedNotice(this.#drift, revision, error));
    await held.discard();
    // why: it may have been told meanwhile
    if (this.#isTold) this.#held.release();
  }

  /** Says that it is over: in one message where nobody has been told of it. */
  async end({ obj, revision }: Wanted, endedMs: number): Promise<void> {
    this.pause();
    const notice = this.#isTold ? resolvedNotice(this.#drift, endedMs, revision) : correctedNotice(this.#drift, endedMs, revision);
    await this.#telling.notifier.notify(obj, [notice]);
    await this.#held.discard();
  }
}
