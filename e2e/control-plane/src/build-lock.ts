import { open, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** The holder touches its file this often; a file that nobody has touched for `STALE_MS` belongs to nobody. */
const TOUCH_MS = 1_000;
const STALE_MS = 20_000;

/**
 * Runs `work` while no other process runs work under the same path; the folder of the path must exist.
 * A lock whose holder was killed is taken over after twenty seconds.
 */
export async function withLock<T>(path: string, onWait: () => void, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let waits = 0; !(await take(path)); waits++) {
    if (waits === 0) onWait();
    await delay(500, undefined, { signal });
  }
  const touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
  }
  const touched = await stat(path).catch(() => undefined);
  if (touched !== undefined && Date.now() - touched.mtimeMs > STALE_MS) await rm(path, { force: true });
  return false;
}
