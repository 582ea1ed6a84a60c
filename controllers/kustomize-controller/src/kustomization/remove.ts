import { groupVersionKind, REASON, type Kustomization, type KustomizationStatus, type Notice } from "@plumb/api";
import { deletionLines, objectOf, prune, type Baselines, type Change } from "@plumb/apply";
import type { KubeClient } from "@plumb/kube";
import { conditionsOf, type Removal } from "@plumb/runtime";
import { toToolkitError } from "@plumb/std";
import { appliedMetadata } from "./revision-metadata.ts";
import { timeoutMs } from "./spec.ts";

/** Milliseconds between two looks at objects that are still terminating (K-070). */
const LOOK_AGAIN_MS = 2000;

const WAITING = "Waiting for resources to terminate";

export interface RemoveOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/**
 * Takes back what a Kustomization applied, as its deletion policy says (K-068 to K-070). A suspended one leaves everything.
 *
 * @throws {ToolkitError} when something could not be deleted: the object is kept and it is tried again
 */
export async function removeKustomization(obj: Kustomization, { client, baselines, nowMs, signal }: RemoveOptions): Promise<Removal<KustomizationStatus>> {
  const entries = obj.status?.inventory?.entries ?? [];
  if (obj.spec.suspend === true || entries.length === 0 || !deletes(obj)) return { kind: "removed", notices: [] };
  const owner = { namespace: obj.metadata.namespace ?? "", name: obj.metadata.name };
  const { changes, failure } = await prune(client, baselines, { owner, entries, signal });
  if (failure !== undefined) throw failure;
  const lines = isWaiting(obj) ? undefined : deletionLines(changes);
  const told = { reason: conditionsOf(obj).find(({ type }) => type === "Ready")?.reason ?? "info", metadata: appliedMetadata(obj) };
  const notices: readonly Notice[] = lines === undefined ? [] : [{ severity: "info", message: lines, ...told }];
  if (obj.spec.deletionPolicy !== "WaitForTermination" || (await areGone(client, changes, signal))) return { kind: "removed", notices };
  const deadlineMs = Date.parse(obj.metadata.deletionTimestamp ?? "") + timeoutMs(obj);
  if (nowMs >= deadlineMs)
    return { kind: "removed", notices: [...notices, { severity: "error", message: "failed to wait for resources termination", ...told }] };
  return {
    kind: "kept",
    report: {
      outcome: { kind: "waiting", ready: "Unknown", reason: REASON.Progressing, message: WAITING, retryInMs: LOOK_AGAIN_MS },
      status: {},
      conditions: {},
      notices,
    },
  };
}

/** True from the second look on: that what is terminating was deleted has been told. */
function isWaiting(obj: Kustomization): boolean {
  return conditionsOf(obj).some(({ type, message }) => type === "Ready" && message === WAITING);
}

function deletes({ spec }: Kustomization): boolean {
  switch (spec.deletionPolicy ?? "MirrorPrune") {
    case "Orphan":
      return false;
    case "Delete":
    case "WaitForTermination":
      return true;
    default:
      return spec.prune;
  }
}

/** True when all that was deleted has ended; what was left is not waited for. */
async function areGone(client: KubeClient, changes: readonly Change[], signal: AbortSignal): Promise<boolean> {
  for (const { entry, action } of changes) {
    const object = objectOf(entry);
    if (object === undefined || action !== "deleted") continue;
    try {
      const resource = await client.resourceOf(groupVersionKind(object), signal);
      const { namespace, name } = object.metadata;
      if ((await client.get({ resource, namespace, name }, { signal, metadataOnly: true })) !== undefined) return false;
    } catch (thrown) {
      if (toToolkitError(thrown).kind !== "missing") throw thrown;
    }
  }
  return true;
}
