import { REQUESTED_AT_ANNOTATION, type LiveObject } from "@plumb/api";
import { isObject } from "@plumb/std";
import { conditionsOf } from "./status.ts";

export function isSuspended(obj: LiveObject): boolean {
  const spec = obj["spec"];
  return isObject(spec) && spec["suspend"] === true;
}

/** The value of `reconcile.fluxcd.io/requestedAt`, which a client waits to see handled. */
export function requestedAt(obj: LiveObject): string | undefined {
  return obj.metadata.annotations?.[REQUESTED_AT_ANNOTATION];
}

/** What a suspended object still says: that its request was seen, and where it is ready its generation, for clients that wait. Pure. */
export function suspendedFields(obj: LiveObject): Readonly<Record<string, unknown>> {
  const isReady = conditionsOf(obj).some(({ type, status }) => type === "Ready" && status === "True");
  const requested = requestedAt(obj);
  return {
    ...(isReady ? { observedGeneration: obj.metadata.generation ?? 0 } : {}),
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
  };
}
