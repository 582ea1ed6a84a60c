import { DRIFT_KEY, type DriftChange, type ToolkitEvent } from "@plumb/api";
import { isObject, parseJson, stringifyJson } from "@plumb/std";

/** A line of a message that people read. */
export interface ReadableField {
  readonly title: string;
  readonly value: string;
}

const DRIFT_KEYS: readonly string[] = Object.values(DRIFT_KEY);
const STATE: Readonly<Record<string, string>> = {
  DriftDetected: "drifted, not yet corrected",
  DriftCorrected: "drifted and was corrected",
  DriftResolved: "is as declared again",
};

/** True for an event that tells of one drift. */
export function isDrift({ metadata = {} }: ToolkitEvent): boolean {
  return metadata[DRIFT_KEY.Id] !== undefined;
}

/** What a drift event says, for people: which object, which fields from what to what, who, when, and whether it is over. Pure. */
export function driftFields({ metadata = {}, reason, timestamp }: ToolkitEvent): readonly ReadableField[] {
  const object = metadata[DRIFT_KEY.Object];
  const changes = changesOf(metadata[DRIFT_KEY.Changes]);
  const managers = metadata[DRIFT_KEY.Managers];
  const detectedAt = metadata[DRIFT_KEY.DetectedAt];
  return [
    ...(object === undefined ? [] : [{ title: "Object", value: object }]),
    ...(changes === undefined ? [] : [{ title: "Changed", value: changes }]),
    ...(managers === undefined || managers === "" || managers === "unknown" ? [] : [{ title: "Changed by", value: managers }]),
    ...(detectedAt === undefined ? [] : [{ title: "Seen", value: detectedAt }]),
    ...(STATE[reason] === undefined ? [] : [{ title: "State", value: reason === "DriftResolved" ? `${STATE[reason]} since ${timestamp}` : STATE[reason] }]),
  ];
}

/** The metadata that is not about the drift, or all of it where there is none. */
export function otherMetadata({ metadata = {} }: ToolkitEvent): readonly (readonly [key: string, value: string])[] {
  return Object.entries(metadata).filter(([key]) => !DRIFT_KEYS.includes(key));
}

/** One line a field: `/spec/replicas: 3 → 10`. What is not the expected JSON is shown as it is. */
function changesOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const changes = parsed(text);
  if (!Array.isArray(changes)) return text;
  return changes.length === 0 ? undefined : changes.map(lineOf).join("\n");
}

function lineOf(change: unknown): string {
  if (isChange(change)) return `${change.path}: ${valueOf(change.desired)} → ${valueOf(change.live)}`;
  return typeof change === "number" ? `and ${change} more` : stringifyJson(change);
}

function valueOf(value: DriftChange["live"]): string {
  if (value === undefined) return "(none)";
  return typeof value === "string" ? value : stringifyJson(value);
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function isChange(value: unknown): value is DriftChange {
  return isObject(value) && typeof value["path"] === "string";
}
