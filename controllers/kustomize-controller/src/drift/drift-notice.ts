import { DRIFT_KEY, EVENT_KEY, type DriftChange, type Notice } from "@plumb/api";
import type { Drift, FieldChange } from "@plumb/apply";
import { formatDuration, stringifyJson, type JsonValue, type ToolkitError } from "@plumb/std";

const GROUP = "kustomize.toolkit.fluxcd.io";

/** Changes that are named one by one; of more there is a count. */
const MAX_CHANGES = 10;
/** Characters of one value in a message. */
const MAX_VALUE = 120;

/** What has become of a drift. The state is part of the token, so that the second 3 → 10 of a day is told like the first. */
export type DriftState = "corrected" | "detected" | "resolved";

/** Drift that was corrected before anybody had to be told that it was there. */
export function correctedNotice(drift: Drift, correctedMs: number, revision: string): Notice {
  const took = formatDuration(Math.max(0, Math.round(correctedMs - drift.detectedMs)));
  return notice(drift, "corrected", "info", "DriftCorrected", `Drift corrected in ${took}: ${sentence(drift)}`, revision);
}

/** Drift that is there: observed only, or not corrected yet. */
export function detectedNotice(drift: Drift, revision: string, error: ToolkitError | undefined): Notice {
  const reason = error === undefined ? "" : `\nnot corrected: ${error.message}`;
  return notice(drift, "detected", "error", "DriftDetected", `Drift detected: ${sentence(drift)}${reason}`, revision);
}

/** The end of drift that was told as detected. */
export function resolvedNotice(drift: Drift, endedMs: number, revision: string): Notice {
  const lasted = formatDuration(Math.max(0, Math.round(endedMs - drift.detectedMs)));
  return notice(drift, "resolved", "info", "DriftResolved", `Drift resolved after ${lasted}: ${drift.subject} is as it was declared`, revision);
}

function notice(drift: Drift, state: DriftState, severity: "info" | "error", reason: string, message: string, revision: string): Notice {
  const metadata: Readonly<Record<string, string>> = {
    [EVENT_KEY.Revision]: revision,
    [EVENT_KEY.Token]: `${drift.id}-${state}`,
    [DRIFT_KEY.Id]: drift.id,
    [DRIFT_KEY.Object]: drift.subject,
    [DRIFT_KEY.Changes]: changesText(drift.changes),
    [DRIFT_KEY.Managers]: drift.managers.join(", "),
    [DRIFT_KEY.DetectedAt]: new Date(drift.detectedMs).toISOString(),
  };
  return {
    severity,
    reason,
    message,
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`${GROUP}/${key}`, value])),
    isDurable: true,
  };
}

function sentence({ subject, what, changes, managers }: Drift): string {
  if (what === "deleted") return `${subject} was deleted${by(managers.join(", "))}`;
  const named = changes.slice(0, MAX_CHANGES).map((change) => `${change.pointer} ${transition(change)}${by(change.manager)}`);
  const more = changes.length > MAX_CHANGES ? [`and ${changes.length - MAX_CHANGES} more fields`] : [];
  const lines = [...named, ...more];
  const again = what === "recreated" ? " was created anew," : "";
  return lines.length === 1 ? `${subject}${again} ${lines[0]}` : [`${subject}${again}`, ...lines.map((line) => `- ${line}`)].join("\n");
}

/** Who it was, where the server knows: it remembers nobody who deletes. */
function by(manager: string): string {
  return manager === "unknown" ? "" : ` (by ${manager})`;
}

/** From what Git declares to what was found. */
function transition({ isRedacted, what, desired, live }: FieldChange): string {
  if (isRedacted) return what === "removed" ? "removed" : "changed";
  return what === "removed" ? `${valueText(desired)} → (removed)` : `${valueText(desired)} → ${valueText(live)}`;
}

function valueText(value: JsonValue | undefined): string {
  if (value === undefined) return "(set)";
  const text = typeof value === "string" ? value : stringifyJson(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}

function changesText(changes: readonly FieldChange[]): string {
  const shown = changes.slice(0, MAX_CHANGES).map(({ pointer, desired, live, isRedacted }): DriftChange => ({
    path: pointer,
    ...(isRedacted ? { desired: "changed", live: "changed" } : {}),
    ...(isRedacted || desired === undefined ? {} : { desired }),
    ...(isRedacted || live === undefined ? {} : { live }),
  }));
  const rest = changes.length - shown.length;
  return stringifyJson(rest > 0 ? [...shown, rest] : shown);
}
