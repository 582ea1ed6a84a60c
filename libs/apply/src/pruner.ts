import { groupVersionKind, parseInventoryId, subjectOf, type InventoryEntry, type LiveObject, type Manifest } from "@plumb/api";
import type { KubeClient, ObjectName } from "@plumb/kube";
import { ToolkitError, toToolkitError } from "@plumb/std";
import type { Baselines } from "./baselines.ts";
import type { Change } from "./change.ts";
import { inApplyOrder } from "./order.ts";
import { isOwnedBy, type Owner } from "./owner.ts";
import { hasPolicy, isUnmanaged } from "./policy.ts";

export interface PruneRequest {
  readonly owner: Owner;
  readonly entries: readonly InventoryEntry[];
  readonly signal: AbortSignal;
}

export interface PruneResult {
  /** What was deleted, by us or by whoever came first, and what was left because it is not ours to delete; in order. */
  readonly changes: readonly Change[];
  /** Entries whose objects may still be there and ours: they stay in the inventory (K-056). */
  readonly survivors: readonly InventoryEntry[];
  /** All failures in one, in Flux's words. */
  readonly failure: ToolkitError | undefined;
}

/** Entries that are in the old inventory and not in the new one. */
export function staleEntries(before: readonly InventoryEntry[], after: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const ids = new Set(after.map(({ id }) => id));
  return before.filter(({ id }) => !ids.has(id));
}

/** Times an object is read again because it changed between the read and the delete. */
const MAX_READS = 5;

/**
 * Deletes what an inventory names, last applied first, each only as it was read: with our labels, by uid and version
 * (K-055). All are tried; one that fails stays in the inventory.
 */
export async function prune(client: KubeClient, baselines: Baselines, { owner, entries, signal }: PruneRequest): Promise<PruneResult> {
  const changes: Change[] = [];
  const survivors: InventoryEntry[] = [];
  const failures: ToolkitError[] = [];
  for (const { entry, object } of deletionOrder(entries)) {
    try {
      const action = await baselines.writing(entry.id, async () => {
        const ended = await deleteOwned(client, baselines, object, owner, signal);
        // why: a correction that comes after it finds that the object is not declared any more
        if (ended === "deleted") baselines.forget(entry.id);
        return ended;
      });
      changes.push({ subject: subjectOf(object), entry, action });
    } catch (thrown) {
      const error = toToolkitError(thrown);
      survivors.push(entry);
      failures.push(new ToolkitError(error.kind, `${subjectOf(object)} delete failed: ${error.message}`, { cause: error }));
      if (error.kind === "cancelled") break;
    }
  }
  return { changes, survivors: [...survivors, ...unreached(entries, changes, survivors, failures)], failure: joined(failures) };
}

/** After an abort, what was not tried is kept too. */
function unreached(
  entries: readonly InventoryEntry[],
  changes: readonly Change[],
  survivors: readonly InventoryEntry[],
  failures: readonly ToolkitError[],
): readonly InventoryEntry[] {
  if (failures.every(({ kind }) => kind !== "cancelled")) return [];
  const reached = new Set([...changes.map(({ entry }) => entry.id), ...survivors.map(({ id }) => id)]);
  return entries.filter(({ id }) => !reached.has(id));
}

function deletionOrder(entries: readonly InventoryEntry[]): readonly { readonly entry: InventoryEntry; readonly object: Manifest }[] {
  const named = entries.flatMap((entry) => {
    const object = objectOf(entry);
    return object === undefined ? [] : [{ entry, object }];
  });
  return [...inApplyOrder(named)].reverse();
}

/** An object as far as its inventory entry names it; undefined for an id that is none. */
export function objectOf({ id, v }: InventoryEntry): Manifest | undefined {
  const identity = parseInventoryId(id);
  if (identity === undefined) return undefined;
  const { namespace, name, group, kind } = identity;
  const apiVersion = group === "" ? v : `${group}/${v}`;
  return { apiVersion, kind, metadata: namespace === "" ? { name } : { name, namespace } };
}

async function deleteOwned(client: KubeClient, baselines: Baselines, object: Manifest, owner: Owner, signal: AbortSignal): Promise<"deleted" | "skipped"> {
  const name = await nameOf(client, object, signal);
  if (name === undefined) return "deleted";
  for (let reads = 1; ; reads++) {
    const live = await client.get(name, { signal, metadataOnly: true });
    if (live === undefined) return "deleted";
    if (!isOwnedBy(live, owner) || isKept(live)) return "skipped";
    const { uid, resourceVersion } = live.metadata;
    baselines.expectDeletion(uid);
    try {
      await client.delete(name, { propagation: "Background", uid, resourceVersion, signal });
      return "deleted";
    } catch (thrown) {
      baselines.takeDeletion(uid);
      const error = toToolkitError(thrown);
      if (error.kind !== "conflict" || reads === MAX_READS) throw error;
    }
  }
}

/** undefined when the kind is no longer served at any version: its objects went with it. Where nobody can tell, the object stays in the inventory. */
async function nameOf(client: KubeClient, object: Manifest, signal: AbortSignal): Promise<ObjectName | undefined> {
  try {
    const resource = await client.resourceOf(groupVersionKind(object), signal);
    return { resource, namespace: object.metadata.namespace, name: object.metadata.name };
  } catch (thrown) {
    const error = toToolkitError(thrown);
    if (error.kind === "missing") return undefined;
    throw error;
  }
}

function isKept(live: LiveObject): boolean {
  return hasPolicy(live, "prune-disabled") || isUnmanaged(live);
}

function joined(failures: readonly ToolkitError[]): ToolkitError | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  return new ToolkitError(first.kind, `delete failed, errors: ${failures.map(({ message }) => `${message};`).join("")}`, { cause: first });
}
