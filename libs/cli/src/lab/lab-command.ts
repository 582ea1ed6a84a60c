import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { aborted } from "@plumb/std";
import type { Host } from "../host.ts";
import { SignIn } from "../sign-in/sign-in.ts";
import { endProcess } from "./fleet.ts";
import { leaveCluster, signInFolder } from "./guest.ts";
import { Lab, type Programs } from "./lab.ts";
import type { LabNames } from "./names.ts";
import { LabRepository } from "./repository.ts";
import { announceEnd, isLabFolder, readState, removeState, type LabState } from "./state.ts";
import { tellStory, type StepResult } from "./story.ts";
import { LabTerminal, type Output } from "./terminal.ts";

export interface LabUpOptions {
  readonly folder: string;
  readonly programs: Programs;
  /** A cluster to tell the story on; an embedded one unless set. */
  readonly kubeconfig: string | undefined;
  /** End after the story instead of staying up. */
  readonly isOnce: boolean;
  readonly output: Output;
  readonly host: Host;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** Runs the lab and its story. Resolves to the exit code: 0, or 1 when a step failed. @throws when it is stopped before the story is told */
export async function labUp({ folder, programs, kubeconfig, isOnce, output, host, cwd, signal }: LabUpOptions): Promise<number> {
  const terminal = new LabTerminal(output);
  let isTold = false;
  const lab = new Lab({
    folder,
    downCommand: downCommand(host, relative(cwd, folder)),
    programs,
    kubeconfig,
    signal,
    host: { ...host, writeErr: (text) => terminal.aside(() => host.writeErr(text)) },
    onProgress: (text) => terminal.progress(text),
    onTrouble: (text) => terminal.entry("  ! ", text),
    onLine: (name, line) => {
      if (isTold && name === "sink") showAlert(terminal, line);
    },
  });
  const startedMs = performance.now();
  try {
    terminal.entry("", introduction(kubeconfig === undefined ? undefined : relative(cwd, kubeconfig)));
    const stage = await lab.up();
    if (lab.isRepositoryKept)
      terminal.entry("  ", `${relative(cwd, lab.repository.folder)} has commits of yours: the story goes on from them, with the shop as it begins`);
    const results = await tellStory(
      stage,
      (title) => terminal.progress(title),
      (result) => terminal.step(result),
      signal,
    );
    const isGood = results.every(({ ok }) => ok);
    terminal.line();
    terminal.line(summary(results, { tookMs: performance.now() - startedMs, logs: relative(cwd, join(folder, "logs")) }));
    isTold = true;
    if (!isOnce) {
      inviteToPlay(terminal, { folder: relative(cwd, folder) || ".", kubeconfig: kubeconfig ?? join(folder, "kubeconfig"), names: stage.names });
      await Promise.race([aborted(signal), lab.allEnded]);
      if (!signal.aborted) terminal.line("Every process of the lab has ended.");
    }
    return isGood ? 0 : 1;
  } finally {
    isTold = false; // what goes now is no news
    terminal.progress("stopping");
    await lab.down();
    removeState(folder);
    removeParts(folder, ["data", ...KUBECONFIGS]);
    if (lab.hasStarted) terminal.line("The lab is down.");
  }
}

/** @param kubeconfig of the cluster to be a guest of, relative to where the person is */
function introduction(kubeconfig: string | undefined): string {
  return kubeconfig === undefined
    ? "Plumb lab: an embedded cluster, a Git repository and three controllers on this machine (workloads are simulated)"
    : `Plumb lab: a guest of the cluster of ${kubeconfig}, with a Git repository and three controllers on this machine`;
}

function summary(results: readonly StepResult[], { tookMs, logs }: { readonly tookMs: number; readonly logs: string }): string {
  const failed = results.filter(({ ok }) => !ok).length;
  return failed === 0
    ? `All ${results.length} steps passed in ${(tookMs / 1000).toFixed(1)} s.`
    : `${failed} of ${results.length} steps failed; logs are in ${logs}`;
}

/** @param folder relative to where the person is */
function downCommand({ command }: Host, folder: string): string {
  return `${command} lab down${folder === "lab" ? "" : ` --dir ${folder}`}`;
}

interface Surroundings {
  /** Relative to where the person is. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly names: LabNames;
}

function inviteToPlay(terminal: LabTerminal, { folder, kubeconfig, names }: Surroundings): void {
  const repository = join(folder, "repo");
  terminal.line();
  terminal.entry("", `The lab stays up until Ctrl-C, and shows alerts as they arrive. Its logs are in ${join(folder, "logs")}.`);
  terminal.line(`In another terminal, in this folder, with kubectl and git, try:

  export KUBECONFIG=${kubeconfig}
  kubectl get gitrepositories,kustomizations -A

  # an edit by hand, an object gone, a namespace gone: each comes back
  kubectl -n ${names.workloads} scale deployment ${names.app} --replicas=9
  kubectl -n ${names.workloads} delete configmap settings
  kubectl delete namespace ${names.workloads}

  # a commit is in the cluster within a second; so is its revert
  sed -i 's/welcome/hello/' ${repository}/apps/settings.yaml
  git -C ${repository} commit -am "Greet differently"
  git -C ${repository} revert --no-edit HEAD

  # hands off, until the same with false
  kubectl -n ${names.system} patch kustomization apps --type=merge -p '{"spec":{"suspend":true}}'
`);
}

function showAlert(terminal: LabTerminal, line: string): void {
  try {
    const { msg, path, text } = JSON.parse(line);
    if (msg === "message" && path === "/slack") terminal.entry("  alert  ", String(text));
  } catch {
    // a line that is no log line is nobody's alert
  }
}

export interface LabDownOptions {
  readonly folder: string;
  readonly output: Output;
  readonly host: Host;
}

/** Ends what a lab left running and removes what it made; a repository with commits of the user's own stays. */
export async function labDown({ folder, output, host }: LabDownOptions): Promise<number> {
  if (!isLabFolder(folder)) {
    output.write(existsSync(folder) ? `${folder} is no lab's; nothing was ended or removed.\n` : "No lab was running.\n");
    return 0;
  }
  const state = readState(folder);
  announceEnd(folder);
  try {
    if (state?.cluster !== undefined) await leaveAgain(state.cluster, folder, host);
  } finally {
    for (const record of [...(state?.processes ?? [])].reverse()) await endProcess(record, host.kill);
  }
  const ended = state === undefined ? "No lab was running" : `Ended ${state.processes.length} processes`;
  const repository = new LabRepository(join(folder, "repo"));
  if (await repository.isOnlyOurs()) {
    rmSync(folder, { recursive: true, force: true });
    output.write(`${ended}; removed ${folder}.\n`);
    return 0;
  }
  removeState(folder);
  removeParts(folder, ["data", "logs", ...KUBECONFIGS]);
  output.write(`${ended}. The repository in ${repository.folder} has commits of yours and is kept; remove the folder by hand when you need it no more.\n`);
  return 0;
}

/** Of the embedded clusters. */
const KUBECONFIGS = ["kubeconfig", "kubeconfig-cluster-2"];

function removeParts(folder: string, parts: readonly string[]): void {
  for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
}

/** Leaves the cluster of a lab that has ended without doing so. */
async function leaveAgain(cluster: NonNullable<LabState["cluster"]>, folder: string, host: Host): Promise<void> {
  const signIn = await SignIn.open({ kubeconfig: cluster.kubeconfig, folder: signInFolder(folder), host, signal: new AbortController().signal });
  try {
    await leaveCluster(signIn, cluster);
  } finally {
    signIn.close();
  }
}
