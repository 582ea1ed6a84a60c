import { groupVersionKind, type ToolkitEvent } from "@plumb/api";
import { isForbidden, type KubeClient } from "@plumb/kube";
import { toToolkitError } from "@plumb/std";
import type { Labels } from "./match.ts";

/**
 * Reads the labels of the object that an event is about. One that is gone, of no kind that is served, or not to be read has
 * unreadable labels.
 *
 * @throws {ToolkitError} when the API server does not answer, so that the event can be sent again
 */
export async function readLabels(client: Pick<KubeClient, "get" | "resourceFor">, { involvedObject }: ToolkitEvent, signal: AbortSignal): Promise<Labels> {
  const { apiVersion = "", kind, namespace, name } = involvedObject;
  if (groupVersionKind({ apiVersion, kind }).version === "") return { kind: "unreadable" };
  try {
    const resource = await client.resourceFor({ apiVersion, kind }, signal);
    const object = await client.get({ resource, namespace, name }, { metadataOnly: true, signal });
    return object === undefined ? { kind: "unreadable" } : { kind: "known", labels: object.metadata.labels ?? {} };
  } catch (thrown) {
    const error = toToolkitError(thrown);
    if (error.kind === "missing" || error.kind === "invalid" || isForbidden(error)) return { kind: "unreadable" };
    throw error;
  }
}
