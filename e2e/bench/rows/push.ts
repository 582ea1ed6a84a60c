import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasGit, startHttpBackend } from "@plumb/git/testing";
import { at, gitRepository, SOURCE_VERSION } from "@plumb/e2e/toolkit";
import { median } from "../measure.ts";
import type { Row, Subject } from "../row.ts";
import { NAMESPACE, startWorld } from "../world.ts";

const FILES = 2000;
const ROUNDS = 5;

/** One file of 2,000 changes: from the request to the artifact, with `git http-backend`. */
export async function push(signal: AbortSignal, { programs, isPeer }: Subject): Promise<readonly Row[]> {
  if (!hasGit()) throw new Error("git is not on the PATH");
  await using world = await startWorld({ workloads: false, programs }, signal);
  const { toolkit } = world;
  const backend = await startHttpBackend(toolkit.git.repository.folder, { admitsVersion2: true });
  const { folder: bare } = toolkit.git.repository;
  const work = await mkdtemp(join(tmpdir(), "plumb-bench-work-"));
  try {
    const files = Object.fromEntries(
      Array.from({ length: FILES }, (_, index) => [`dir-${index % 50}/file-${index}.yaml`, `value: ${randomUUID()}\n`.repeat(20)]),
    );
    await toolkit.commit(files);
    // A repository as people have it: packed, and pushed to.
    await git("-C", bare, "repack", "-adq");
    await git("clone", "--quiet", bare, work);
    const source = { apiVersion: SOURCE_VERSION, kind: "GitRepository", namespace: NAMESPACE, name: "big" };
    await toolkit.cluster.apply(gitRepository(NAMESPACE, "big", `${backend.url}/repository.git`));
    await toolkit.cluster.untilObject("an artifact", source, (object) => at(object, "status", "artifact") !== undefined);
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await writeFile(join(work, "dir-0/file-0.yaml"), `round: ${round}\n`);
      await git("-C", work, "commit", "--quiet", "--all", "--message", "One file");
      await git("-C", work, "push", "--quiet");
      const revision = `main@sha1:${(await git("-C", work, "rev-parse", "HEAD")).trim()}`;
      const coming = await toolkit.cluster.statesOf(source, AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
      const startedMs = performance.now();
      await toolkit.cluster.requestReconcile(source);
      for await (const state of coming) {
        if (at(state, "status", "artifact", "revision") === revision) break;
      }
      took.push((performance.now() - startedMs) / 1000);
    }
    const lag = isPeer ? 0 : await eventLoopDelayMs(toolkit.controller("source-controller").addresses["metrics"] ?? "");
    return [
      {
        figure: "one-file change in a repository of 2,000 files: request → artifact",
        measured: `${median(took).toFixed(2)} s; event-loop delay p99 ${lag.toFixed(0)} ms`,
        reach: "≤ 1 s; ≤ 50 ms",
        isMet: median(took) <= 1 && lag <= 50,
        detail: took.map((one) => one.toFixed(2)).join(", "),
        amounts: { seconds: median(took) },
      },
    ];
  } finally {
    await backend.close();
    await rm(work, { recursive: true, force: true });
  }
}

async function git(...args: readonly string[]): Promise<string> {
  const settings = ["safe.directory=*", "user.name=Bench", "user.email=bench@example.com"].flatMap((setting) => ["-c", setting]);
  return (await promisify(execFile)("git", [...settings, ...args])).stdout;
}

/** The p99 that the controller measured of itself. */
async function eventLoopDelayMs(metrics: string): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds ([\d.e+-]+)$/m.exec(text)?.[1] ?? Number.NaN) * 1000;
}
