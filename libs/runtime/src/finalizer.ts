import { FINALIZER, type LiveObject } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { toToolkitError } from "@plumb/std";
import type { ControlledKind } from "./controlled-kind.ts";

/** What changing a finalizer needs; a KubeClient has it. */
type CanPatch = Pick<KubeClient, "get" | "patch">;
type FinalizedKind = Pick<ControlledKind, "resource" | "fieldManager">;

export function hasFinalizer({ metadata }: LiveObject): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false;
}

/** Adds the finalizer; locked on the version, so that a finalizer somebody else adds meanwhile stays. */
export function withFinalizer(client: CanPatch, kind: FinalizedKind, obj: LiveObject, signal: AbortSignal): Promise<LiveObject> {
  return patchFinalizers(client, kind, obj, [...(obj.metadata.finalizers ?? []), FINALIZER], signal);
}

/** Takes the finalizer away, from the newest version of this very object; resolves when it is gone. */
export async function withoutFinalizer(client: CanPatch, kind: FinalizedKind, obj: LiveObject, signal: AbortSignal): Promise<void> {
  for (let current: LiveObject | undefined = obj; current?.metadata.uid === obj.metadata.uid && hasFinalizer(current);) {
    const kept: readonly string[] = (current.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
    try {
      await patchFinalizers(client, kind, current, kept, signal);
      return;
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind === "missing") return;
      if (error.kind !== "conflict") throw error;
      current = await client.get({ resource: kind.resource, namespace: obj.metadata.namespace, name: obj.metadata.name }, { signal });
    }
  }
}

function patchFinalizers(
  client: CanPatch,
  kind: FinalizedKind,
  { metadata }: LiveObject,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<LiveObject> {
  const name = { resource: kind.resource, namespace: metadata.namespace, name: metadata.name };
  const patch = { metadata: { finalizers: finalizers.length === 0 ? null : finalizers, resourceVersion: metadata.resourceVersion } };
  return client.patch(name, patch, { type: "merge", fieldManager: kind.fieldManager, signal });
}
