import { groupVersionKind, inventoryEntry, inventoryId, type DesiredObject, type Kustomization } from "@plumb/api";
import { endsItself, type Change, type HealthTarget } from "@plumb/apply";

/**
 * What is waited for: with `wait` every object but those that the run has skipped, else what `healthChecks` names; never the
 * Kustomization itself (K-059). Jobs that clean themselves away are marked as such (K-061). Pure.
 */
export function healthTargets(obj: Kustomization, objects: readonly DesiredObject[], changes: readonly Change[]): readonly HealthTarget[] {
  const skipped = new Set(changes.filter(({ action }) => action === "skipped").map(({ entry }) => entry.id));
  const passing = new Set(objects.filter(({ object }) => endsItself(object)).map(({ object }) => inventoryEntry(object).id));
  const targets: readonly HealthTarget[] =
    obj.spec.wait === true
      ? objects
          .filter(({ object }) => !skipped.has(inventoryEntry(object).id))
          .map(({ object: { apiVersion, kind, metadata } }) => ({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name }))
      : (obj.spec.healthChecks ?? []).map(({ apiVersion, kind, name, namespace }) => ({
          apiVersion: apiVersion ?? "apps/v1",
          kind,
          namespace: namespace ?? obj.metadata.namespace,
          name,
        }));
  return targets
    .filter(({ kind, name, namespace }) => kind !== obj.kind || name !== obj.metadata.name || namespace !== obj.metadata.namespace)
    .map((target) => (passing.has(idOf(target)) ? { ...target, endsItself: true } : target));
}

function idOf({ apiVersion, kind, namespace = "", name }: HealthTarget): string {
  return inventoryId({ group: groupVersionKind({ apiVersion, kind }).group, kind, namespace, name });
}
