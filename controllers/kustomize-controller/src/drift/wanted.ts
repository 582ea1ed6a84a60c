import { inventoryEntry, type DesiredObject, type Kustomization } from "@plumb/api";
import { desiredHash, type Baselines, type ObjectKey, type Owner } from "@plumb/apply";
import { keyOf } from "@plumb/runtime";
import { standingRevision } from "../kustomization/revision-metadata.ts";

/** An object as the Kustomization that wrote it last wants it. */
export interface Wanted {
  readonly owner: Owner;
  readonly obj: Kustomization;
  readonly desired: DesiredObject;
  /** The one that the object is held to. */
  readonly revision: string;
}

/** What this process remembers of builds and writes. */
export interface Memory {
  readonly baselines: Pick<Baselines, "get">;
  /** What the last builds of a Kustomization want of its objects, the applied one first. */
  readonly desired: (key: string) => Iterable<DesiredObject>;
}

/** The object as it was sent last; undefined where no build that is remembered has it so. */
export function wantedBy(owner: Owner, obj: Kustomization, key: ObjectKey, { baselines, desired }: Memory): Wanted | undefined {
  const sent = baselines.get(key);
  for (const candidate of desired(keyOf(obj))) {
    if (inventoryEntry(candidate.object).id !== key) continue;
    if (sent === undefined || desiredHash(candidate, owner) === sent.desiredHash)
      return { owner, obj, desired: candidate, revision: standingRevision(obj, sent?.revision) };
  }
  return undefined;
}

/** True where the newest build wants the object otherwise than it was sent last, and has not come to be applied. */
export function isOvertaken({ owner, obj, desired: sent }: Wanted, key: ObjectKey, { desired }: Memory): boolean {
  const newest = [...desired(keyOf(obj))].findLast(({ object }) => inventoryEntry(object).id === key);
  return newest !== undefined && desiredHash(newest, owner) !== desiredHash(sent, owner);
}
