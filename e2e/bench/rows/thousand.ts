import { alerting, gitRepository } from "@plumb/e2e/toolkit";
import { applier, application, applicationFiles, names, pathOf } from "../application.ts";
import { median, secondsFor } from "../measure.ts";
import type { Row, Subject } from "../row.ts";
import { controllersCpu, controllersPeakMb, NAMESPACE, startWorld, sum } from "../world.ts";

const CONCURRENCY = 8;

interface Round {
  readonly floor: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly peaks: readonly number[];
}

/** Kustomizations of four objects, 1,000 of them at once, over the raw floor of their 4,000 apply requests; and the memory it takes. */
export async function thousand(signal: AbortSignal, subject: Subject): Promise<readonly Row[]> {
  const { applications } = subject;
  const rounds: Round[] = [];
  for (let round = 0; round < subject.rounds; round++) rounds.push(await measure(signal, subject));
  const ratio = median(rounds.map(({ seconds, floor }) => seconds / floor));
  const of = (pick: (round: Round) => number, digits = 1): string =>
    `${median(rounds.map(pick)).toFixed(digits)} (${rounds.map((one) => pick(one).toFixed(digits)).join(", ")})`;
  const peaks = (round: Round): number => round.peaks.reduce((total, mb) => total + mb, 0);
  return [
    {
      figure: `${applications.toLocaleString("en")} Kustomizations × 4 objects until all are Ready, over the floor`,
      measured: `${ratio.toFixed(1)} × the floor`,
      reach: "≤ 6 ×",
      isMet: ratio <= 6,
      detail: `seconds ${of(({ seconds }) => seconds)}; floor of ${(applications * 4).toLocaleString("en")} applies ${of(({ floor }) => floor)} s; ${of(({ cpu }) => cpu / applications, 3)} CPU s each`,
      amounts: {
        seconds: median(rounds.map(({ seconds }) => seconds)),
        "× the floor": ratio,
        "CPU s each": median(rounds.map(({ cpu }) => cpu / applications)),
      },
    },
    {
      figure: "memory of the three controllers at their peaks",
      measured: `${median(rounds.map(peaks)).toFixed(0)} MB`,
      reach: "≤ 440 MB",
      isMet: median(rounds.map(peaks)) <= 440,
      detail: `notification, source, kustomize: ${rounds.map((one) => one.peaks.map((mb) => mb.toFixed(0)).join(" + ")).join("; ")}`,
      amounts: { MB: median(rounds.map(peaks)) },
    },
  ];
}

async function measure(signal: AbortSignal, { programs, applications }: Subject): Promise<Round> {
  await using world = await startWorld({ workloads: false, programs }, signal);
  const { toolkit, raw, ready } = world;
  const apply = async (object: Parameters<typeof pathOf>[0]): Promise<void> => {
    const answer = await raw.request("PATCH", `${pathOf(object)}?fieldManager=bench&force=true`, signal, object, "application/apply-patch+yaml");
    if (answer.status >= 300) throw new Error(answer.text);
  };
  await toolkit.cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "floor" } });
  const floorObjects = names(applications).flatMap((name) => application("floor", name));
  await Promise.all(floorObjects.slice(0, 8).map(apply));
  const floor = ((await secondsFor(floorObjects.slice(8), CONCURRENCY, apply)) * floorObjects.length) / (floorObjects.length - 8);

  await toolkit.commit(Object.assign({}, ...names(applications).map((name) => applicationFiles(NAMESPACE, name))));
  await toolkit.cluster.apply(...alerting(NAMESPACE, toolkit.sink.url));
  const source = gitRepository(NAMESPACE, "apps", toolkit.git.url);
  await toolkit.cluster.apply(source);
  await toolkit.cluster.untilObject("an artifact", { apiVersion: source.apiVersion, kind: source.kind, namespace: NAMESPACE, name: "apps" }, (object) =>
    JSON.stringify(object).includes('"artifact"'),
  );
  const before = sum(await controllersCpu(toolkit));
  const startedMs = performance.now();
  await secondsFor(
    names(applications).map((name) => applier(NAMESPACE, name)),
    CONCURRENCY,
    apply,
  );
  await ready.whenReady(applications);
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = sum(await controllersCpu(toolkit)) - before;
  return { floor, seconds, cpu, peaks: (await controllersPeakMb(toolkit)).map(({ mb }) => mb) };
}
