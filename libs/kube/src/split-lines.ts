import type { Readable } from "node:stream";
import { ToolkitError } from "@plumb/std";

const NEWLINE = 0x0a;

export interface LineLimits {
  /** Milliseconds to wait for the next byte; the time that the reader takes does not count. */
  readonly idleMs: number;
  /** Called when that time is over; must end the stream. */
  readonly giveUp: () => void;
  /** Bytes in one line. */
  readonly maxBytes: number;
  readonly subject: string;
}

/** The non-empty lines of a stream, as many as arrived together. */
export async function* splitLines(stream: Readable, { idleMs, giveUp, maxBytes, subject }: LineLimits): AsyncGenerator<readonly string[], void, undefined> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let idle = setTimeout(giveUp, idleMs);
  try {
    for await (const chunk of stream) {
      clearTimeout(idle);
      // why: a stream without an encoding gives buffers
      let left = chunk as Buffer;
      const lines: string[] = [];
      for (let end = left.indexOf(NEWLINE); end !== -1; end = left.indexOf(NEWLINE)) {
        const part = left.subarray(0, end);
        const line = (rest.length === 0 ? part : Buffer.concat([...rest, part])).toString("utf8");
        rest = [];
        restBytes = 0;
        if (line !== "") lines.push(line);
        left = left.subarray(end + 1);
      }
      if (left.length > 0) rest.push(left);
      restBytes += left.length;
      if (restBytes > maxBytes) throw new ToolkitError("invalid", `${subject}: a line is longer than ${maxBytes} bytes`);
      if (lines.length > 0) yield lines;
      idle = setTimeout(giveUp, idleMs);
    }
    if (rest.length > 0) yield [Buffer.concat(rest).toString("utf8")];
  } finally {
    clearTimeout(idle);
  }
}
