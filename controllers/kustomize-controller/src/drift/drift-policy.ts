import { DRIFT_ANNOTATION, type Kustomization, type Manifest } from "@plumb/api";

/** True where drift is told and left: the object's own word in Git counts before that of its Kustomization. Pure. */
export function isObserved(obj: Kustomization, object: Manifest): boolean {
  const word = object.metadata.annotations?.[DRIFT_ANNOTATION] ?? obj.metadata.annotations?.[DRIFT_ANNOTATION];
  return word === "observe";
}

/** False while nothing is to be corrected for a Kustomization: it is suspended, or on its way out. Pure. */
export function isActive({ spec, metadata }: Kustomization): boolean {
  return spec.suspend !== true && metadata.deletionTimestamp === undefined;
}
