import { createHash } from "node:crypto";
import { EVENT_GROUP, EVENT_KEY, groupVersionKind, type ToolkitEvent } from "@plumb/api";
import { isObject, parseJson, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";

const SEVERITIES = ["trace", "info", "error"] as const;

/**
 * Reads a posted event. Fields that are not Flux's are dropped.
 *
 * @throws {ToolkitError} `invalid`, naming the field that is wrong (N-007)
 */
export function parseEvent(body: string): ToolkitEvent {
  const event = readJson(body);
  if (!isObject(event)) throw invalid("the body is not a JSON object");
  const object = event["involvedObject"];
  if (!isObject(object)) throw invalid("involvedObject is missing");
  // Upstream asks nothing of it; what is none of the three was said for information.
  const severity = SEVERITIES.find((known) => known === text(event, "severity", "")) ?? "info";
  const instance = text(event, "reportingInstance", "");
  return {
    involvedObject: {
      kind: required(object, "kind"),
      namespace: required(object, "namespace"),
      name: required(object, "name"),
      ...optional(object, "uid"),
      ...optional(object, "apiVersion"),
      ...optional(object, "resourceVersion"),
    },
    severity,
    timestamp: text(event, "timestamp", ""),
    message: text(event, "message", ""),
    reason: text(event, "reason", ""),
    metadata: metadataOf(event["metadata"]),
    reportingController: text(event, "reportingController", ""),
    ...(instance !== "" && { reportingInstance: instance }),
  };
}

/** The API group of the involved object; its controller's metadata keys begin with it. */
export function objectGroup({ involvedObject: { apiVersion = "", kind } }: ToolkitEvent): string {
  return groupVersionKind({ apiVersion, kind }).group;
}

/** Keeps only the metadata of the event group and of the object's group, without checksum and digest (N-008). Pure. */
export function cleaned(event: ToolkitEvent): ToolkitEvent {
  const group = objectGroup(event);
  const dropped = [`${group}/${EVENT_KEY.Checksum}`, `${group}/${EVENT_KEY.Digest}`].map((key) => key.toLowerCase());
  return withMetadata(event, (key) => (key.startsWith(`${EVENT_GROUP}/`) || key.startsWith(`${group}/`)) && !dropped.includes(key.toLowerCase()));
}

/** Without the token, which has done its work once the event is no duplicate (N-010). Pure. */
export function withoutToken(event: ToolkitEvent): ToolkitEvent {
  const token = `${objectGroup(event)}/${EVENT_KEY.Token}`;
  return withMetadata(event, (key) => key !== token);
}

/** What makes two events the same one (N-009); neither reason nor severity is part of it. Pure. */
export function duplicateKey(event: ToolkitEvent): string {
  const { name, namespace, kind } = event.involvedObject;
  const group = objectGroup(event);
  const parts = ["event", `name=${name}`, `namespace=${namespace}`, `kind=${kind}`, `message=${event.message}`];
  for (const key of [EVENT_KEY.OriginRevision, EVENT_KEY.Revision, EVENT_KEY.Token]) {
    const value = event.metadata?.[`${group}/${key}`];
    if (value !== undefined) parts.push(`${key}=${value}`);
  }
  return createHash("sha256").update(parts.join("/")).digest("hex");
}

function withMetadata(event: ToolkitEvent, isKept: (key: string) => boolean): ToolkitEvent {
  return { ...event, metadata: Object.fromEntries(Object.entries(event.metadata ?? {}).filter(([key]) => isKept(key))) };
}

function readJson(body: string): JsonValue {
  try {
    return parseJson(body);
  } catch {
    // why: the parser's own words quote the body, and nesting that is too deep ends in a RangeError
    throw invalid("the body is not JSON");
  }
}

function metadataOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw invalid("metadata is not an object");
  return Object.fromEntries(Object.keys(value).map((key) => [key, text(value, key, "")]));
}

function required(object: JsonObject, key: string): string {
  const value = text(object, key, "");
  if (value === "") throw invalid(`involvedObject.${key} is missing`);
  return value;
}

function optional(object: JsonObject, key: "uid" | "apiVersion" | "resourceVersion"): { readonly [Key in typeof key]?: string } {
  const value = text(object, key, "");
  return value === "" ? {} : { [key]: value };
}

function text(object: JsonObject, key: string, otherwise: string): string {
  const value = object[key];
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== "string") throw invalid(`${key} is not a string`);
  return value;
}

function invalid(what: string): ToolkitError {
  return new ToolkitError("invalid", `not an event: ${what}`);
}
