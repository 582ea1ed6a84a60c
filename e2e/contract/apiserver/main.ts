import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { loadCases, RECORDED_CASES, type Case } from "./case.ts";
import { recordFolder } from "./record-folder.ts";
import { describeDifferences, run, type Played } from "./run.ts";

const USAGE = `Plays the recorded API server cases against a server.

  node --conditions=@plumb/source e2e/contract/apiserver/replay.ts --server URL [flags]

  --server URL          such as https://127.0.0.1:6443 or http://127.0.0.1:8080
  --token TOKEN         a bearer token that may do everything
  --ca FILE             certificates to trust, PEM
  --topic NAME          only this topic; may be given again
  --match REGEX         only cases whose name matches
  --controllers WHICH   all (default), only or none of the cases that need namespace termination and garbage collection
  --cases FOLDER        default: ../shared/conformance/apiserver
  --concurrency N       cases at once, default 8
  --attempts N          plays of a failing case, default 2
  --patience SECONDS    how long a polled answer or an event may take, default 20
  --wording             show where only the words differ
  --record              put the server's answers into the files of --cases, in place of those that are there
  --list                name the cases and play none
`;

const FLAGS = {
  server: { type: "string" },
  token: { type: "string" },
  ca: { type: "string" },
  topic: { type: "string", multiple: true },
  match: { type: "string" },
  controllers: { type: "string", default: "all" },
  cases: { type: "string", default: fileURLToPath(RECORDED_CASES) },
  concurrency: { type: "string", default: "8" },
  attempts: { type: "string", default: "2" },
  patience: { type: "string", default: "20" },
  wording: { type: "boolean", default: false },
  record: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>["values"];

/** Returns the exit code: 0 all passed, 1 some failed, 2 used wrongly. */
async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values: flags } = parseArgs({ args: [...args], options: FLAGS });
  if (flags.help || (flags.server === undefined && !flags.list)) {
    process.stdout.write(USAGE);
    return flags.help ? 0 : 2;
  }
  const cases = (await loadCases(flags.cases)).filter(isWanted(flags));
  if (flags.list || flags.server === undefined) {
    for (const { topic, name } of cases) process.stdout.write(`${topic}: ${name}\n`);
    return 0;
  }
  const target = {
    baseUrl: flags.server,
    ...(flags.token === undefined ? {} : { token: flags.token }),
    ...(flags.ca === undefined ? {} : { ca: await readFile(flags.ca, "utf8") }),
  };
  if (flags.record) {
    await recordFolder(flags.cases, target, signal);
    return 0;
  }
  const played = await run(cases, target, signal, {
    concurrency: Number(flags.concurrency),
    attempts: Number(flags.attempts),
    patienceMs: Number(flags.patience) * 1000,
    onPlayed: (result) => process.stdout.write(report(result, flags.wording)),
  });
  const failed = played.filter(({ differences }) => differences.length > 0).length;
  process.stdout.write(`${played.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function isWanted({ topic, match, controllers }: Flags): (recorded: Case) => boolean {
  const expression = new RegExp(match ?? "");
  return (recorded) =>
    (topic === undefined || topic.includes(recorded.topic)) &&
    expression.test(recorded.name) &&
    (controllers === "all" || recorded.controllers === (controllers === "only"));
}

function report({ case: { topic, name }, differences, wording, attempts }: Played, isWordingShown: boolean): string {
  const words = isWordingShown && wording.length > 0 ? `WORDING ${topic}: ${name}\n${describeDifferences(wording)}\n` : "";
  if (differences.length > 0) return `${words}FAILED ${topic}: ${name}\n${describeDifferences(differences)}\n`;
  return attempts > 1 ? `${words}passed at play ${attempts} ${topic}: ${name}\n` : words;
}

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
process.exitCode = await main(process.argv.slice(2), interrupted.signal).catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  return 2;
});
