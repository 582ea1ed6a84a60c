import { join } from "node:path";
import { KINDS, type KindDefinition } from "@plumb/api";
import { ToolkitError, type JsonObject } from "@plumb/std";
import type { SignIn } from "../sign-in/sign-in.ts";
import { LabCluster, type Target } from "./lab-cluster.ts";
import { definitions } from "./manifests.ts";
import { GUEST_NAMES, LAB_LABEL, type LabNames } from "./names.ts";
import type { LabState } from "./state.ts";

/** Refuses what a lab could harm: a namespace of its names that is not its own. */
export async function checkGuest(cluster: LabCluster, { system, workloads }: LabNames): Promise<void> {
  for (const name of [system, workloads]) {
    const found = await cluster.get({ apiVersion: "v1", kind: "Namespace", name });
    if (found !== undefined && found.metadata.labels?.[LAB_LABEL] !== "true") {
      throw new ToolkitError("denied", `the cluster has a namespace ${name} that is not the lab's; nothing was changed`);
    }
  }
}

/** Installs the definitions that the cluster lacks, alters none that it has, and resolves to the names of what it created. */
export async function installMissingDefinitions(cluster: LabCluster): Promise<readonly string[]> {
  const created: string[] = [];
  for (const definition of definitions()) {
    const { apiVersion, kind, metadata } = definition;
    const target = { apiVersion, kind, name: metadata.name };
    const found = await cluster.get(target);
    if (found?.metadata.deletionTimestamp !== undefined) await untilGone(cluster, target);
    else if (found !== undefined) continue;
    await cluster.apply([definition]);
    created.push(metadata.name);
  }
  return created;
}

/** Where the credentials of a lab lie while it is a guest. */
export function signInFolder(folder: string): string {
  return join(folder, "data", "sign-in");
}

/** Takes back what a lab brought, on a connection of its own: the lab's may have been told to stop. */
export async function leaveCluster(signIn: SignIn, { definitions }: NonNullable<LabState["cluster"]>): Promise<void> {
  const cluster = await LabCluster.connect(signIn.kubeconfig, new AbortController().signal, (signal) => signIn.renew(signal));
  try {
    await leaveGuest(cluster, GUEST_NAMES, definitions);
  } finally {
    cluster.close();
  }
}

const DELETION_MS = 30_000;
const NAMESPACE_DELETION_MS = 120_000;

/**
 * Takes back what a lab brought into a cluster: its objects, its two namespaces, and the definitions that it created as far
 * as nobody else uses them.
 */
async function leaveGuest(cluster: LabCluster, { system, workloads }: LabNames, created: readonly string[]): Promise<void> {
  for (const kind of [...KINDS].sort((a, b) => rank(a) - rank(b))) await removeAll(cluster, kind, system);
  for (const name of [workloads, system]) await removeNamespace(cluster, name);
  const unused: Target[] = [];
  for (const name of created) {
    const kind = KINDS.find(({ plural, group }) => `${plural}.${group}` === name);
    if (kind === undefined || (await cluster.list({ apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind })).length > 0) continue;
    unused.push({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name });
  }
  for (const target of unused) await cluster.delete(target);
  for (const target of unused) await untilGone(cluster, target);
}

/** What is being deleted is still served for a while, and whoever comes next would take it for there. */
async function untilGone(cluster: LabCluster, target: Target): Promise<void> {
  await cluster.waitFor(`the definition ${target.name} gone`, async () => ((await cluster.get(target)) === undefined ? true : undefined), DELETION_MS);
}

/** Appliers first, while their controller can still take back what they applied. */
function rank({ kind }: KindDefinition): number {
  return kind === "Kustomization" ? 0 : 1;
}

async function removeAll(cluster: LabCluster, { group, version, kind }: KindDefinition, namespace: string): Promise<void> {
  const type = { apiVersion: `${group}/${version}`, kind, namespace };
  const left = (): Promise<readonly Target[]> =>
    cluster.list(type).then(
      (items) => items.map(({ metadata }) => ({ ...type, name: metadata.name })),
      () => [],
    );
  for (const target of await left()) await cluster.delete(target);
  const isGone = await cluster.waitFor(`every ${kind} gone`, async () => ((await left()).length === 0 ? true : undefined), DELETION_MS).catch(() => false);
  if (isGone) return;
  const unfinished: JsonObject = { metadata: { finalizers: null } };
  for (const target of await left()) await cluster.edit(target, unfinished, "plumb-lab");
}

async function removeNamespace(cluster: LabCluster, name: string): Promise<void> {
  const target = { apiVersion: "v1", kind: "Namespace", name };
  if ((await cluster.get(target))?.metadata.labels?.[LAB_LABEL] !== "true") return;
  await cluster.delete(target);
  await cluster.waitFor(`the namespace ${name} gone`, async () => ((await cluster.get(target)) === undefined ? true : undefined), NAMESPACE_DELETION_MS);
}
