import { EVENT_GROUP, type LiveObject, type ToolkitEvent, type Notice } from "@plumb/api";
import { redactUrls, shortened, timestampOf } from "@plumb/std";
import type { Reporter } from "./reporter.ts";

/** Flux's limit (spec/flux-core 0.8), counted in bytes. */
const MAX_MESSAGE_BYTES = 39_000;

/**
 * The event that is posted for a notice; undefined for one that is never posted: a trace (C-026), or an object without kind,
 * name or namespace (C-028). Pure.
 */
export function toolkitEvent(object: LiveObject, notice: Notice, { controller, instance }: Reporter, nowMs: number): ToolkitEvent | undefined {
  const { namespace = "", name, uid, resourceVersion } = object.metadata;
  if (notice.severity === "trace" || object.kind === "" || namespace === "" || name === "") return undefined;
  const metadata = metadataOf(object, notice);
  return {
    involvedObject: { kind: object.kind, namespace, name, uid, apiVersion: object.apiVersion, resourceVersion },
    severity: notice.severity,
    timestamp: timestampOf(nowMs),
    message: shortened(redactUrls(notice.message), MAX_MESSAGE_BYTES),
    reason: notice.reason,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    reportingController: controller,
    reportingInstance: instance,
  };
}

/** The notice's metadata, and what the object's own annotations add to each of its events (C-029). Pure. */
export function metadataOf({ metadata }: LiveObject, notice: Notice): Readonly<Record<string, string>> {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(`${EVENT_GROUP}/`));
  return { ...Object.fromEntries(own), ...notice.metadata };
}
