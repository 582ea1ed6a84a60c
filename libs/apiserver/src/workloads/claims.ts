import type { JsonObject } from "@plumb/std";
import { objectAt, textAt, valueAt } from "../draft.ts";
import { nameOf, namespaceOf, type Actor } from "./actor.ts";

/** Binds a claim to a volume of its own. */
export function syncClaim(actor: Actor, claim: JsonObject): void {
  if (textAt(claim, "status", "phase") === "Bound") return;
  const volumeName = `pvc-${textAt(claim, "metadata", "uid") ?? ""}`;
  const capacity = { storage: textAt(claim, "spec", "resources", "requests", "storage") ?? "1Gi" };
  const accessModes = valueAt(claim, "spec", "accessModes") ?? ["ReadWriteOnce"];
  const volume = actor.create({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeName },
    spec: {
      capacity,
      accessModes,
      persistentVolumeReclaimPolicy: "Delete",
      hostPath: { path: `/simulated/${volumeName}` },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: namespaceOf(claim),
        name: nameOf(claim),
        uid: textAt(claim, "metadata", "uid") ?? "",
      },
    },
  });
  if (volume !== undefined) actor.setStatus(volume, { phase: "Bound" });
  actor.update(claim, "", (live) => ({ ...live, spec: { ...objectAt(live, "spec"), volumeName } }));
  actor.setStatus(claim, { phase: "Bound", accessModes, capacity });
}
