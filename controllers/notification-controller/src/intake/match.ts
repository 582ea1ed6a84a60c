import { subjectOf, type Alert, type ToolkitEvent } from "@plumb/api";
import { compareText } from "@plumb/std";
import type { Patterns } from "./patterns.ts";

type Source = Alert["spec"]["eventSources"][number];

/** Labels of the involved object, as far as they could be read. */
export type Labels = { readonly kind: "known"; readonly labels: Readonly<Record<string, string>> } | { readonly kind: "unreadable" };

/** Something the owner of an Alert is to hear of. */
export interface AlertWarning {
  readonly alert: Alert;
  readonly reason: string;
  readonly message: string;
}

export interface Matched {
  readonly alerts: readonly Alert[];
  readonly warnings: readonly AlertWarning[];
}

export interface MatchRules {
  readonly patterns: Patterns;
  /** False: an Alert hears only of its own namespace (N-013). */
  readonly allowsCrossNamespace: boolean;
}

/** True when some Alert asks for the labels of the object, so that they must be read before `matchAlerts`. Pure. */
export function asksForLabels(event: ToolkitEvent, alerts: Iterable<Alert>): boolean {
  return [...alerts].some(
    (alert) => !isSuspended(alert) && sourcesOf(event, alert).some(hasLabels) && !sourcesOf(event, alert).some((source) => !hasLabels(source)),
  );
}

/** The Alerts that forward the event, by namespace and name, and what is wrong with others (N-011, N-013). Pure. */
export function matchAlerts(event: ToolkitEvent, alerts: Iterable<Alert>, labels: Labels, rules: MatchRules): Matched {
  const matched: Alert[] = [];
  const warnings: AlertWarning[] = [];
  for (const alert of [...alerts].sort((a, b) => compareText(subjectOf(a), subjectOf(b)))) {
    if (isSuspended(alert)) continue;
    const found = matchAlert(event, alert, labels, rules);
    warnings.push(...found.warnings.map((warning) => ({ alert, ...warning })));
    if (found.isMatch) matched.push(alert);
  }
  return { alerts: matched, warnings };
}

interface Found {
  readonly isMatch: boolean;
  readonly warnings: readonly Omit<AlertWarning, "alert">[];
}

function matchAlert(event: ToolkitEvent, alert: Alert, labels: Labels, { patterns, allowsCrossNamespace }: MatchRules): Found {
  const sources = sourcesOf(event, alert);
  const bySource = matchSources(event, sources, labels);
  if (!bySource.isMatch) return bySource;
  const included = matchList(event.message, "inclusion", alert.spec.inclusionList ?? [], patterns);
  const isIncluded = (alert.spec.inclusionList ?? []).length === 0 || included.isMatch;
  const excluded = isIncluded ? matchList(event.message, "exclusion", alert.spec.exclusionList ?? [], patterns) : { isMatch: false, warnings: [] };
  const warnings = [...included.warnings, ...excluded.warnings];
  if (!isIncluded || excluded.isMatch) return { isMatch: false, warnings };
  if (allowsCrossNamespace || event.involvedObject.namespace === alert.metadata.namespace) return { isMatch: true, warnings };
  return { isMatch: false, warnings: [...warnings, crossNamespace(event, alert)] };
}

function matchSources(event: ToolkitEvent, sources: readonly Source[], labels: Labels): Found {
  if (sources.some((source) => !hasLabels(source))) return { isMatch: true, warnings: [] };
  if (sources.length === 0) return { isMatch: false, warnings: [] };
  if (labels.kind === "known") return { isMatch: sources.some(({ matchLabels }) => isSubset(matchLabels ?? {}, labels.labels)), warnings: [] };
  return { isMatch: false, warnings: [{ reason: "SourceFetchFailed", message: `error getting source object ${objectOf(event)}` }] };
}

/** The first pattern that matches decides; those before it that are no patterns are told, and otherwise ignored. */
function matchList(message: string, list: "inclusion" | "exclusion", sources: readonly string[], patterns: Patterns): Found {
  const warnings: Omit<AlertWarning, "alert">[] = [];
  for (const source of sources) {
    const pattern = patterns.get(source);
    if (pattern === undefined) warnings.push({ reason: "InvalidConfig", message: `failed to compile ${list} regex: ${source}` });
    else if (pattern.matches(message)) return { isMatch: true, warnings };
  }
  return { isMatch: false, warnings };
}

/** The sources that name the object of the event, their labels left aside. */
function sourcesOf({ involvedObject, severity }: ToolkitEvent, { metadata, spec }: Alert): readonly Source[] {
  if (spec.eventSeverity === "error" && severity !== "error") return [];
  return spec.eventSources.filter(
    ({ kind, name, namespace = metadata.namespace }) =>
      kind === involvedObject.kind && namespace === involvedObject.namespace && (name === "*" || name === involvedObject.name),
  );
}

function hasLabels({ matchLabels }: Source): boolean {
  return matchLabels !== undefined && Object.keys(matchLabels).length > 0;
}

function isSubset(wanted: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function isSuspended({ spec }: Alert): boolean {
  return spec.suspend ?? false;
}

function crossNamespace(event: ToolkitEvent, { metadata: { namespace = "", name } }: Alert): Omit<AlertWarning, "alert"> {
  const object = objectOf(event);
  return {
    reason: "NotificationDispatchFailed",
    message:
      `failed to dispatch notification for ${object}: discarding event, access denied to cross-namespace sources: ` +
      `alert '${namespace}/${name}' can't process event from '${object}', cross-namespace references have been blocked`,
  };
}

/** `Kind/namespace/name` of the object that the event is about. */
export function objectOf({ involvedObject: { kind, namespace, name } }: ToolkitEvent): string {
  return `${kind}/${namespace}/${name}`;
}
