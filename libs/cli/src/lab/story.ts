import { canonicalJson, reworded, toToolkitError } from "@plumb/std";
import { alertAbout, type SinkReader } from "./alerts.ts";
import type { LabCluster, Target } from "./lab-cluster.ts";
import { deploymentFile, FIRST_TAG, NEXT_TAG, REPLICAS, settingsFile } from "./manifests.ts";
import type { LabNames } from "./names.ts";
import { at, conditionOf, shortRevision } from "./read.ts";
import type { LabRepository } from "./repository.ts";

/** All that the story touches. */
export interface Stage {
  readonly cluster: LabCluster;
  readonly repository: LabRepository;
  readonly sink: SinkReader;
  readonly names: LabNames;
  /** Starts a second, empty cluster with controllers of its own on the same repository. */
  readonly secondCluster: () => Promise<LabCluster>;
}

export interface StepResult {
  readonly title: string;
  readonly ok: boolean;
  /** What happened, or what did not, in one line. */
  readonly told: string;
  readonly tookMs: number;
}

interface Step {
  readonly title: string;
  /** Resolves to what happened, read from the cluster and the sink; rejects with what did not. */
  readonly run: (stage: Stage) => Promise<string>;
}

/**
 * The tutorial, step by step. A step that fails does not keep the later ones from trying.
 *
 * @throws the reason of `signal` when it is aborted; the step that was under way is not told
 */
export async function tellStory(
  stage: Stage,
  onStart: (title: string) => void,
  onEnd: (result: StepResult) => void,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const { title, run } of STEPS) {
    signal.throwIfAborted();
    onStart(title);
    const startedMs = performance.now();
    const [ok, told] = await run(stage).then(
      (text) => [true, text] as const,
      (thrown: unknown) => [false, toToolkitError(thrown).message] as const,
    );
    signal.throwIfAborted();
    const result = { title, ok, told, tookMs: performance.now() - startedMs };
    results.push(result);
    onEnd(result);
  }
  return results;
}

const STEPS: readonly Step[] = [
  { title: "a commit reaches the cluster", run: commitReachesCluster },
  { title: "replicas edited by hand", run: editIsCorrected },
  { title: "a ConfigMap deleted", run: deletedObjectReturns },
  { title: "the whole namespace deleted", run: deletedNamespaceReturns },
  { title: "suspended, edited, resumed", run: suspendHoldsStill },
  { title: "a second commit, then a revert", run: rolloutAndRevert },
  { title: "a broken commit, twice", run: brokenCommits },
  { title: "disaster: an empty cluster", run: rebuildFromGit },
];

const deployment = ({ workloads, app }: LabNames): Target => ({ apiVersion: "apps/v1", kind: "Deployment", namespace: workloads, name: app });
const settings = ({ workloads }: LabNames): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace: workloads, name: "settings" });
const applier = ({ system }: LabNames): Target => ({ apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", namespace: system, name: "apps" });

async function commitReachesCluster({ cluster, repository, names }: Stage): Promise<string> {
  const revision = await applied(cluster, repository, names);
  return `${shortRevision(revision)} applied, ${await healthyDeployment(cluster, names)}`;
}

async function editIsCorrected({ cluster, sink, names }: Stage): Promise<string> {
  const mark = await sink.mark();
  const startedMs = performance.now();
  await cluster.edit(deployment(names), { spec: { replicas: 10 } });
  await replicasAre(cluster, names, REPLICAS);
  const correctedMs = performance.now() - startedMs;
  const alert = await cluster.waitFor("an alert that names /spec/replicas", () =>
    sink.find(mark, (text) => alertAbout(text, `Deployment/${names.workloads}/${names.app}`, ["replicas", "3", "10", "kubectl-edit"])),
  );
  return `corrected after ${seconds(correctedMs)}; the alert: “${firstLineWith(alert.text, "replicas")}”`;
}

async function deletedObjectReturns({ cluster, names }: Stage): Promise<string> {
  const before = await uidOf(cluster, settings(names));
  await cluster.delete(settings(names));
  await cluster.waitFor("the ConfigMap back", async () => {
    const uid = await uidOf(cluster, settings(names));
    return uid !== undefined && uid !== before ? uid : undefined;
  });
  return "restored";
}

async function deletedNamespaceReturns({ cluster, names }: Stage): Promise<string> {
  const namespace = { apiVersion: "v1", kind: "Namespace", name: names.workloads };
  const before = await uidOf(cluster, namespace);
  await cluster.delete(namespace);
  await cluster.waitFor(
    "the namespace back",
    async () => {
      const uid = await uidOf(cluster, namespace);
      return uid !== undefined && uid !== before ? uid : undefined;
    },
    60_000,
  );
  await cluster.waitFor("its ConfigMap back", () => cluster.get(settings(names)), 60_000);
  return `restored with all that is in it, ${await healthyDeployment(cluster, names)}`;
}

async function suspendHoldsStill({ cluster, names }: Stage): Promise<string> {
  await cluster.edit(applier(names), { spec: { suspend: true } }, "flux");
  await cluster.edit(deployment(names), { spec: { replicas: 5 } });
  await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
  const held = at(await cluster.get(deployment(names)), "spec", "replicas");
  await cluster.edit(applier(names), { spec: { suspend: false } }, "flux");
  if (held !== 5) throw new Error(`the edit did not stay while suspended: replicas is ${String(held)}`);
  await replicasAre(cluster, names, REPLICAS);
  return `the edit stayed for ${seconds(HOLD_MS)} while suspended, and was corrected when resumed`;
}

async function rolloutAndRevert({ cluster, repository, names }: Stage): Promise<string> {
  const { workloads, app } = names;
  await repository.commit("Roll out the next version", { "apps/deployment.yaml": deploymentFile(workloads, app, NEXT_TAG) });
  await imageIs(cluster, names, NEXT_TAG);
  const next = await applied(cluster, repository, names);
  await repository.revert();
  await imageIs(cluster, names, FIRST_TAG);
  const back = await applied(cluster, repository, names);
  return `${shortRevision(next)} rolled out ${NEXT_TAG}, ${shortRevision(back)} rolled back to ${FIRST_TAG}`;
}

async function brokenCommits({ cluster, repository, sink, names }: Stage): Promise<string> {
  const { workloads, app } = names;
  const mark = await sink.mark();
  await repository.commit("Break the YAML", { "apps/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  labels: [\n" });
  const unparsed = await refused(cluster, names, "BuildFailed", "apps/settings.yaml");
  await cluster.waitFor("an alert about the broken YAML", () => sink.find(mark, (text) => text.includes("settings.yaml")));
  await repository.commit("Break a manifest", {
    "apps/settings.yaml": settingsFile(workloads, "welcome to the shop"),
    "apps/deployment.yaml": deploymentFile(workloads, app, FIRST_TAG).replace(`replicas: ${REPLICAS}`, "replicas: many"),
  });
  const rejected = await refused(cluster, names, "ReconciliationFailed", "apps/deployment.yaml:1");
  await cluster.waitFor("an alert about the refused manifest", () => sink.find(mark, (text) => text.includes("deployment.yaml:1")));
  const replicas = at(await cluster.get(deployment(names)), "spec", "replicas");
  if (replicas !== REPLICAS) throw new Error(`the last good state was not kept: replicas is ${String(replicas)}`);
  await repository.commit("Mend it", { "apps/deployment.yaml": deploymentFile(workloads, app, FIRST_TAG) });
  await applied(cluster, repository, names);
  return `said “${clipped(unparsed)}” and “${clipped(rejected)}”; kept the last good state; the fix was applied by itself`;
}

async function rebuildFromGit({ cluster, repository, names, secondCluster }: Stage): Promise<string> {
  const second = await secondCluster();
  const revision = await applied(second, repository, names);
  const here = await workloadsOf(cluster, names);
  await second.waitFor("the second cluster to be the same", async () =>
    canonicalJson(await workloadsOf(second, names)) === canonicalJson(here) ? true : undefined,
  );
  return `became the same ${here.length} objects from ${shortRevision(revision)}`;
}

/** Milliseconds for which an edit is watched while everything is suspended. */
const HOLD_MS = 1200;

/** Resolves to the revision when the newest commit is applied and everything is healthy. @throws with what is said instead */
async function applied(cluster: LabCluster, repository: LabRepository, names: LabNames): Promise<string> {
  let said = "nothing";
  const look = async (): Promise<string | undefined> => {
    const head = await repository.head();
    const object = await cluster.get(applier(names));
    const revision = at(object, "status", "lastAppliedRevision");
    const ready = conditionOf(object, "Ready");
    if (ready !== undefined) said = `“${clipped(ready.message)}”`;
    const isReady = ready?.status === "True" && at(object, "status", "observedGeneration") === object?.metadata.generation;
    return isReady && typeof revision === "string" && revision.endsWith(head) ? revision : undefined;
  };
  return await cluster.waitFor("the newest commit applied", look, 60_000).catch((thrown: unknown) => {
    throw reworded(thrown, (message) => `${message}; the Kustomization says ${said}`);
  });
}

async function healthyDeployment(cluster: LabCluster, names: LabNames): Promise<string> {
  const ready = await cluster.waitFor(
    "every replica ready",
    async () => {
      const count = at(await cluster.get(deployment(names)), "status", "readyReplicas");
      return count === REPLICAS ? count : undefined;
    },
    60_000,
  );
  return `Deployment ${names.workloads}/${names.app} healthy (${ready}/${REPLICAS})`;
}

async function replicasAre(cluster: LabCluster, names: LabNames, wanted: number): Promise<void> {
  await cluster.waitFor(`replicas back at ${wanted}`, async () => (at(await cluster.get(deployment(names)), "spec", "replicas") === wanted ? true : undefined));
}

async function imageIs(cluster: LabCluster, names: LabNames, tag: string): Promise<void> {
  await cluster.waitFor(`the image tag ${tag}`, async () =>
    JSON.stringify(at(await cluster.get(deployment(names)), "spec", "template") ?? null).includes(`:${tag}"`) ? true : undefined,
  );
}

/** Resolves to the message when the Kustomization says, for this reason, what is wrong at `place`. */
function refused(cluster: LabCluster, names: LabNames, reason: string, place: string): Promise<string> {
  return cluster.waitFor(`${reason} that names ${place}`, async () => {
    const ready = conditionOf(await cluster.get(applier(names)), "Ready");
    return ready?.status === "False" && ready.reason === reason && ready.message.includes(place.replace(/^apps\//, "")) ? ready.message : undefined;
  });
}

async function uidOf(cluster: LabCluster, target: Target): Promise<string | undefined> {
  const object = await cluster.get(target);
  return object?.metadata.deletionTimestamp === undefined ? object?.metadata.uid : undefined;
}

/** What Git declares, as a cluster has it: names, kinds and the fields that were applied. */
async function workloadsOf(cluster: LabCluster, names: LabNames): Promise<readonly unknown[]> {
  const [found, config, service] = await Promise.all([
    cluster.get(deployment(names)),
    cluster.get(settings(names)),
    cluster.get({ apiVersion: "v1", kind: "Service", namespace: names.workloads, name: names.app }),
  ]);
  return [
    ["Namespace", (await cluster.get({ apiVersion: "v1", kind: "Namespace", name: names.workloads }))?.metadata.labels],
    ["Deployment", at(found, "spec")],
    ["ConfigMap", at(config, "data")],
    ["Service", at(service, "spec", "ports"), at(service, "spec", "selector")],
  ];
}

/** Characters of a message that are quoted, and how many of them are its end, which says why and where. */
const MAX_QUOTE = 140;
const QUOTE_END = 104;

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function firstLineWith(text: string, part: string): string {
  return clipped(text.split("\n").find((line) => line.includes(part)) ?? text);
}

function clipped(text: string): string {
  const [line = ""] = text.split("\n");
  if (line.length <= MAX_QUOTE) return line;
  const start = line.slice(0, MAX_QUOTE - QUOTE_END).replace(/ \S*$/, "");
  const end = line.slice(-QUOTE_END).replace(/^\S* /, "");
  return `${start} … ${end}`;
}
