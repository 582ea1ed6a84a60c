import { EVENT_GROUP, type Alert, type ToolkitEvent } from "@plumb/api";
import { compareText } from "@plumb/std";
import { objectGroup } from "../intake/event-intake.ts";

export interface CombinedMetadata {
  /** By key, sorted. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Keys whose value the Alert's owner wrote, so that its markup is meant. */
  readonly authored: readonly string[];
  /** For each key that several sources have, those sources in the order of precedence, lowest first. */
  readonly conflicts: Readonly<Record<string, string>>;
}

/** The sources of metadata, lowest precedence first (N-015). */
const SOURCES = {
  annotations: "involved object annotations",
  eventMetadata: "Alert object .spec.eventMetadata",
  summary: "Alert object .spec.summary",
  controller: "involved object controller metadata",
} as const;

/** Combines what the event and the Alert say; keys lose their group. Where nothing results, the event's own stays (N-015). Pure. */
export function combinedMetadata(event: ToolkitEvent, { spec }: Pick<Alert, "spec">): CombinedMetadata {
  const layers: readonly (readonly [source: string, values: Readonly<Record<string, string>>])[] = [
    [SOURCES.annotations, stripped(event.metadata ?? {}, EVENT_GROUP)],
    [SOURCES.eventMetadata, spec.eventMetadata ?? {}],
    [SOURCES.summary, spec.summary === undefined || spec.summary === "" ? {} : { summary: spec.summary }],
    [SOURCES.controller, stripped(event.metadata ?? {}, objectGroup(event))],
  ];
  const found = new Map<string, { value: string; sources: string[] }>();
  for (const [source, values] of layers) {
    for (const [key, value] of Object.entries(values)) found.set(key, { value, sources: [...(found.get(key)?.sources ?? []), source] });
  }
  const keys = [...found].sort(([a], [b]) => compareText(a, b));
  const isAuthored = (source: string | undefined): boolean => source === SOURCES.eventMetadata || source === SOURCES.summary;
  return {
    metadata: keys.length === 0 ? (event.metadata ?? {}) : Object.fromEntries(keys.map(([key, { value }]) => [key, value])),
    authored: keys.filter(([, { sources }]) => isAuthored(sources.at(-1))).map(([key]) => key),
    conflicts: Object.fromEntries(keys.filter(([, { sources }]) => sources.length > 1).map(([key, { sources }]) => [key, sources.join(", ")])),
  };
}

function stripped(metadata: Readonly<Record<string, string>>, group: string): Readonly<Record<string, string>> {
  const prefix = `${group}/`;
  return Object.fromEntries(
    Object.entries(metadata)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}
