import { afterEach } from "vitest";

/** What was logged during the test that runs. */
export interface KeptLog {
  /** One line an entry, its end included. */
  readonly lines: readonly string[];
  readonly write: (line: string) => void;
}

/** Called once at the top of a spec: keeps what is logged during each test, and prints it when that fails. */
export function keptLog(): KeptLog {
  const lines: string[] = [];
  afterEach(({ task }) => {
    if (task.result?.state === "fail") process.stderr.write(lines.join(""));
    lines.length = 0;
  });
  return { lines, write: (line) => void lines.push(line) };
}
