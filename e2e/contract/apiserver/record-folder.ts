import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { loadCases, type Case } from "./case.ts";
import type { Target } from "./client.ts";
import { parseExactly, type JsonObject } from "./json.ts";
import { record } from "./record.ts";
import { playOften } from "./run.ts";

const RECORDINGS = 5;

/**
 * Begins with a second, since owners are sorted by the second of their writes, and records anew what the server itself does
 * not give again.
 */
async function recordOften(written: Case, target: Target, signal: AbortSignal): Promise<Case> {
  for (let recordings = 1; ; recordings++) {
    await delay(1000 - (Date.now() % 1000), undefined, { signal });
    const recorded = await record(written, target, signal);
    const { differences } = await playOften(recorded, target, signal);
    if (differences.length === 0 || recordings === RECORDINGS) return recorded;
  }
}

/** Records every case of a folder anew, one after another, and writes the files that they came from. */
export async function recordFolder(folder: string, target: Target, signal: AbortSignal): Promise<void> {
  const cases = await loadCases(folder);
  for (const topic of new Set(cases.map((one) => one.topic))) {
    const path = join(folder, `${topic}.json`);
    const file = parseExactly(await readFile(path, "utf8")) as JsonObject; // why: loadCases has read it as one just now
    const recorded = [];
    for (const one of cases.filter((other) => other.topic === topic)) {
      const { topic: _, namespace, controllers, versions: __, cleanup, name, steps } = await recordOften(one, target, signal);
      recorded.push({
        name,
        ...(namespace ? {} : { namespace }),
        ...(controllers ? { controllers } : {}),
        ...(cleanup.length === 0 ? {} : { cleanup }),
        steps,
      });
    }
    await writeFile(path, `${JSON.stringify({ ...file, cases: recorded }, undefined, 1)}\n`);
  }
}
