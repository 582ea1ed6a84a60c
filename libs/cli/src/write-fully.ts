import { writeSync } from "node:fs";

const RETRY_MS = 2;

/** Writes all of `text` to an open file, pipe or terminal, and waits where another process has made that non-blocking. @throws as `writeSync` */
export function writeFully(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at);
    } catch (thrown) {
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EAGAIN")) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
