import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadCases, RECORDED_CASES, run, type Case, type Played, type Target } from "@plumb/e2e/contract/apiserver";
import { describe, expect, it } from "vitest";

/** A rule of the server, broken on purpose, and the topic of the recorded cases that must notice. */
interface Mutation {
  readonly breaks: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly topic: string;
}

const MUTATIONS: readonly Mutation[] = [
  {
    breaks: "an old resource version is a conflict",
    file: "write/writer.ts",
    from: 'if (version !== textAt(live, "metadata", "resourceVersion"))',
    to: "if (version === undefined)",
    topic: "write",
  },
  {
    breaks: "a no-op write keeps the version",
    file: "write/writer.ts",
    from: "if (old !== undefined && equalJson(next, old))",
    to: "if (old === undefined)",
    topic: "write",
  },
  { breaks: "a dry run stores nothing", file: "write/writer.ts", from: "if (options.isDryRun) return present(resource, stored);", to: "", topic: "apply" },
  {
    breaks: "status is reset by the main endpoint",
    file: "strategies/builtin-rules.ts",
    from: "const resetsStatus = hasStatus && kind.keepsStatus !== true;",
    to: "const resetsStatus = false;",
    topic: "apply",
  },
  {
    breaks: "a change of the spec raises the generation",
    file: "strategies/builtin-rules.ts",
    from: '(numberAt(old, "metadata", "generation") ?? 0) + 1',
    to: '(numberAt(old, "metadata", "generation") ?? 0)',
    topic: "write",
  },
  { breaks: "an object that leaves a selection is deleted from it", file: "read/watch.ts", from: "if (!was && !is) return;", to: "", topic: "watch" },
  { breaks: "a page ends at its limit", file: "read/list.ts", from: "if (limit > 0 && items.length === limit) break;", to: "", topic: "list" },
  {
    breaks: "unknown fields of a custom resource are pruned",
    file: "crd/prune.ts",
    from: "delete value[key];\n      unknown.push(at);",
    to: "unknown.push(at);",
    topic: "crd",
  },
  {
    breaks: "defaults of a custom schema are set",
    file: "crd/default-values.ts",
    from: "setOwn(value, key, draftValue(fallback));",
    to: "continue;",
    topic: "crd",
  },
  {
    breaks: "a finalizer holds an object",
    file: "write/writer.ts",
    from: 'const isHeld = listAt(object, "metadata", "finalizers").length > 0',
    to: "const isHeld = false",
    topic: "write",
  },
  {
    breaks: "a dependent whose owner is gone is collected",
    file: "lifecycle/garbage-collector.ts",
    from: '=== undefined ? "there" : "gone";',
    to: '=== undefined ? "there" : "there";',
    topic: "lifecycle",
  },
  {
    breaks: "a namespace waits for what is in it",
    file: "lifecycle/namespace-controller.ts",
    from: "if (left.length > 0) {",
    to: "if (left.length > 1_000) {",
    topic: "lifecycle",
  },
];

const SUITE = "the recorded cases against a server with one rule broken";
const hasCases = existsSync(RECORDED_CASES);
if (!hasCases) console.log(`NOT RUN: ${SUITE}: the recorded cases (../shared/conformance/apiserver) are not there`);
const source = fileURLToPath(new URL(".", import.meta.url));

interface Mutant {
  readonly startTestApiServer: typeof import("./testing/index.ts").startTestApiServer;
}

/** A copy of the server beside this package's source, one rule of it changed, in `folder`. */
async function mutant({ file, from, to }: Mutation, folder: string): Promise<Mutant> {
  await cp(source, folder, { recursive: true, filter: (path) => !path.endsWith(".spec.ts") });
  const path = join(folder, file);
  await writeFile(path, (await readFile(path, "utf8")).replace(from, to));
  return import(/* @vite-ignore */ pathToFileURL(join(folder, "testing/index.ts")).href);
}

describe.skipIf(!hasCases)(SUITE, () => {
  it.each(MUTATIONS)("finds the one place where the server says that $breaks", async ({ file, from }) => {
    const text = await readFile(join(source, file), "utf8");
    expect(text.split(from)).toHaveLength(2);
  });

  it.each(MUTATIONS)("notices when it no longer holds that $breaks", { timeout: 120_000 }, async (mutation) => {
    const cases = (await loadCases(fileURLToPath(RECORDED_CASES))).filter(({ topic }) => topic === mutation.topic);
    const folder = await mkdtemp(join(source, "..", ".mutant-"));
    try {
      const { startTestApiServer } = await mutant(mutation, folder);
      await using cluster = await startTestApiServer({ workloads: false });
      expect(await firstFailure(cases, { baseUrl: cluster.url, token: cluster.token })).toBeDefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Plays until a case fails; undefined when none does. */
async function firstFailure(cases: readonly Case[], target: Target): Promise<string | undefined> {
  const enough = new AbortController();
  let name: string | undefined;
  const onPlayed = (played: Played): void => {
    if (played.differences.length === 0) return;
    name ??= played.case.name;
    enough.abort();
  };
  await run(cases, target, enough.signal, { attempts: 1, patienceMs: 1000, onPlayed }).catch((thrown: unknown) => {
    if (!enough.signal.aborted) throw thrown;
  });
  return name;
}
