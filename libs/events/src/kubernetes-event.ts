import type { LiveObject, Manifest, Notice } from "@plumb/api";
import { redactUrls, shortened, timestampOf } from "@plumb/std";
import type { Reporter } from "./reporter.ts";
import { metadataOf } from "./toolkit-event.ts";

/** The API server keeps every byte of an Event in etcd for an hour. */
const MAX_MESSAGE_BYTES = 8192;
/** Longest name an object may have, less a dot and the 16 digits that make it unique. */
const MAX_PREFIX = 253 - 17;

/** The core/v1 Event for a notice (C-026), first of its kind. @param suffix hexadecimal digits that make the name unique */
export function kubernetesEvent(object: LiveObject, notice: Notice, { controller, instance }: Reporter, suffix: string, nowMs: number): Manifest {
  const { namespace = "default", name, uid, resourceVersion } = object.metadata;
  const at = timestampOf(nowMs);
  const annotations = metadataOf(object, notice);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${name.slice(0, MAX_PREFIX).replace(/[^a-z0-9]+$/, "")}.${suffix}`,
      namespace,
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    involvedObject: { kind: object.kind, namespace, name, uid, apiVersion: object.apiVersion, resourceVersion },
    type: notice.severity === "error" ? "Warning" : "Normal",
    reason: notice.reason,
    message: shortened(redactUrls(notice.message), MAX_MESSAGE_BYTES),
    source: { component: controller },
    reportingComponent: controller,
    reportingInstance: instance,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

/** At most this many Events come of one run, errors first and then the latest, so that a run stays cheap. */
const MAX_EVENTS_A_RUN = 2;

/** The notices of one run that become Kubernetes Events, in their order; neighbours of the same reason are one. Pure. */
export function eventsOfRun(notices: readonly Notice[]): readonly Notice[] {
  const loud = joined(notices.filter(({ isQuiet }) => isQuiet !== true));
  const chosen = new Set([...loud.filter(isError), ...loud.filter((notice) => !isError(notice)).reverse()].slice(0, MAX_EVENTS_A_RUN));
  return loud.filter((notice) => chosen.has(notice));
}

function joined(notices: readonly Notice[]): readonly Notice[] {
  const result: Notice[] = [];
  for (const notice of notices) {
    const last = result.at(-1);
    const isMore = last !== undefined && last.severity === notice.severity && last.reason === notice.reason && !isError(notice);
    if (isMore) result[result.length - 1] = { ...last, message: `${last.message}\n${notice.message}` };
    else result.push(notice);
  }
  return result;
}

function isError({ severity }: Notice): boolean {
  return severity === "error";
}
