import { describe, expect, it } from "vitest";
import { asksForLabels, matchAlerts, type Labels } from "./match.ts";
import { Patterns } from "./patterns.ts";
import { sampleAlert, sampleEvent } from "../testing/samples.ts";

const rules = { patterns: new Patterns(), allowsCrossNamespace: true };
const none: Labels = { kind: "known", labels: {} };
const event = sampleEvent();
const isMatch = (spec: Parameters<typeof sampleAlert>[0], labels: Labels = none, about = event): boolean =>
  matchAlerts(about, [sampleAlert(spec)], labels, rules).alerts.length === 1;
const source = { kind: "Kustomization", name: "apps" } as const;

describe("an Alert hears of an event (N-011)", () => {
  it.each([
    ["by name", { eventSources: [source] }],
    ["by wildcard", { eventSources: [{ ...source, name: "*" }] }],
    ["by namespace", { eventSources: [{ ...source, namespace: "team" }] }],
    ["by any of its sources", { eventSources: [{ kind: "GitRepository", name: "*" }, source] }],
    ["that an inclusion matches anywhere in the message", { eventSources: [source], inclusionList: ["nothing", "web conf"] }],
    ["that no exclusion matches", { eventSources: [source], exclusionList: ["nothing"] }],
    ["with empty labels", { eventSources: [{ ...source, matchLabels: {} }] }],
  ] as const)("%s", (_, spec) => expect(isMatch(spec)).toBe(true));

  it.each([
    ["of another name", { eventSources: [{ ...source, name: "other" }] }],
    ["of another kind", { eventSources: [{ ...source, kind: "GitRepository" }] }],
    ["of another namespace", { eventSources: [{ ...source, namespace: "other" }] }],
    ["when it is suspended", { eventSources: [source], suspend: true }],
    ["that is no error, when it wants errors", { eventSources: [source], eventSeverity: "error" }],
    ["that no inclusion matches", { eventSources: [source], inclusionList: ["^web"] }],
    ["that an exclusion matches", { eventSources: [source], exclusionList: ["nothing", "(?i)CONFIGURED$"] }],
    ["that an inclusion and an exclusion match", { eventSources: [source], inclusionList: ["."], exclusionList: ["."] }],
  ] as const)("but not %s", (_, spec) => expect(isMatch(spec)).toBe(false));

  it("of every severity unless it wants errors", () => {
    expect(isMatch({ eventSeverity: "info" }, none, sampleEvent({ severity: "error" }))).toBe(true);
    expect(isMatch({ eventSeverity: "error" }, none, sampleEvent({ severity: "error" }))).toBe(true);
  });
});

describe("labels", () => {
  const spec = { eventSources: [{ ...source, name: "*", matchLabels: { app: "web", tier: "front" } }] };

  it("must all be on the object", () => {
    expect(isMatch(spec, { kind: "known", labels: { app: "web", tier: "front", x: "y" } })).toBe(true);
    expect(isMatch(spec, { kind: "known", labels: { app: "web" } })).toBe(false);
    expect(isMatch({ eventSources: [{ ...source, matchLabels: { constructor: "x" } }] }, none)).toBe(false);
  });

  it("that cannot be read match nothing, and the owner of the Alert hears of it", () => {
    const { alerts, warnings } = matchAlerts(event, [sampleAlert(spec)], { kind: "unreadable" }, rules);
    expect(alerts).toEqual([]);
    expect(warnings).toMatchObject([{ reason: "SourceFetchFailed", message: "error getting source object Kustomization/team/apps" }]);
  });

  it("are asked for only when nothing else decides", () => {
    expect(asksForLabels(event, [sampleAlert(spec)])).toBe(true);
    expect(asksForLabels(event, [sampleAlert({ eventSources: [...spec.eventSources, source] })])).toBe(false);
    expect(asksForLabels(event, [sampleAlert({ ...spec, suspend: true })])).toBe(false);
    expect(asksForLabels(event, [sampleAlert({ eventSources: [{ kind: "Bucket", name: "*", matchLabels: { app: "web" } }] })])).toBe(false);
  });
});

describe("a pattern that is none", () => {
  it.each(["inclusion", "exclusion"] as const)("in the %s list is told to the owner, and otherwise ignored", (list) => {
    const { alerts, warnings } = matchAlerts(event, [sampleAlert({ [`${list}List`]: ["(", "configured"] })], none, rules);
    expect(alerts).toHaveLength(list === "inclusion" ? 1 : 0);
    expect(warnings).toMatchObject([{ reason: "InvalidConfig", message: `failed to compile ${list} regex: (` }]);
  });

  it("alone in the inclusion list lets nothing through", () => {
    expect(isMatch({ inclusionList: ["(?=lookahead)"] })).toBe(false);
  });
});

it("cannot be made to backtrack: a pattern and a message that would take a naive engine for ever", () => {
  const message = `${"a".repeat(30_000)}!`;
  expect(isMatch({ inclusionList: ["(a+)+$"] }, none, sampleEvent({ message }))).toBe(false);
});

describe("across namespaces (N-013)", () => {
  const foreign = sampleAlert({ eventSources: [{ ...source, namespace: "team" }] }, { namespace: "ops", name: "all" });

  it("events are told where that is allowed", () => {
    expect(matchAlerts(event, [foreign], none, rules).alerts).toEqual([foreign]);
  });

  it("and refused with a word to the owner where it is not", () => {
    const { alerts, warnings } = matchAlerts(event, [foreign], none, { ...rules, allowsCrossNamespace: false });
    expect(alerts).toEqual([]);
    expect(warnings).toMatchObject([
      {
        alert: foreign,
        reason: "NotificationDispatchFailed",
        message: expect.stringContaining("alert 'ops/all' can't process event from 'Kustomization/team/apps', cross-namespace references have been blocked"),
      },
    ]);
  });
});
