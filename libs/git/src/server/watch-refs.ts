import { join } from "node:path";
import { stat } from "node:fs/promises";
import type { Clock } from "@plumb/std";
import { RefFolder } from "./ref-folder.ts";

export interface RefChange {
  readonly name: string;
  /** undefined for a ref that is new. */
  readonly from: string | undefined;
  /** undefined for a ref that is gone. */
  readonly to: string | undefined;
}

export interface WatchRefsOptions {
  /** A bare repository, or a folder with a `.git` folder. */
  readonly folder: string;
  readonly clock: Clock;
  /** Milliseconds between two looks; 250 unless set. */
  readonly everyMs?: number;
  readonly onChange: (changes: readonly RefChange[]) => void;
  readonly signal: AbortSignal;
}

/**
 * Watches the refs of a local repository until `signal` aborts: a commit, a push or a tag is told within `everyMs`.
 * It looks again and again, since file events are lost on shared folders and when Git replaces a file by renaming.
 *
 * @returns when the first look is taken, so that whatever comes after is a change
 */
export async function watchRefs({ folder, clock, everyMs = 250, onChange, signal }: WatchRefsOptions): Promise<void> {
  const inner = join(folder, ".git");
  const refs = new RefFolder((await stat(inner).catch(() => undefined)) === undefined ? folder : inner);
  let before = await refs.all();
  let timer = clock.after(everyMs, look);
  signal.addEventListener("abort", () => timer.cancel(), { once: true });
  function look(): void {
    void refs
      .all()
      .then((after) => {
        if (signal.aborted) return;
        const changes = changesBetween(before, after);
        before = after;
        if (changes.length > 0) onChange(changes);
      })
      .finally(() => {
        if (!signal.aborted) timer = clock.after(everyMs, look);
      });
  }
}

function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly RefChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].map((name) => ({ name, from: before.get(name), to: after.get(name) })).filter(({ from, to }) => from !== to);
}
