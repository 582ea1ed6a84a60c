import { forbidden, invalidObject, unsupported, badRequest, type FieldFault } from "../refusal.ts";
import { isTrue } from "../write/write-options.ts";

/** What the query of a list or watch says. Source: meta/v1 ListOptions and its validation. */
export interface ListOptions {
  readonly isWatch: boolean;
  /** As asked, empty when not. */
  readonly resourceVersion: string;
  readonly match: "" | "Exact" | "NotOlderThan";
  /** 0 for no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly allowsBookmarks: boolean;
  readonly sendsInitialEvents: boolean;
  /** A watch that has said that it wants no initial events. */
  readonly startsWithoutObjects: boolean;
  /** 0 for the server's own. */
  readonly timeoutSeconds: number;
}

const MATCHES: Readonly<Record<string, ListOptions["match"]>> = { "": "", Exact: "Exact", NotOlderThan: "NotOlderThan" };

/** @throws {Refusal} 422 for options that exclude each other, 400 for numbers that are none */
export function parseListOptions(query: URLSearchParams, isOldWatch: boolean): ListOptions {
  const isWatch = isOldWatch || isFlag(query, "watch");
  const resourceVersion = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const continueToken = query.get("continue") ?? "";
  const initial = query.get("sendInitialEvents");
  const faults = isWatch ? watchFaults(match, initial, continueToken) : listFaults(match, resourceVersion, continueToken, initial);
  if (faults.length > 0) throw invalidObject("meta.k8s.io", "ListOptions", "", faults);
  return {
    isWatch,
    resourceVersion,
    match: MATCHES[match] ?? "",
    limit: number(query, "limit"),
    continueToken,
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    allowsBookmarks: isFlag(query, "allowWatchBookmarks"),
    sendsInitialEvents: initial !== null && isTrue(initial),
    startsWithoutObjects: initial !== null && !isTrue(initial),
    timeoutSeconds: number(query, "timeoutSeconds"),
  };
}

function isFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && isTrue(text);
}

function number(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  if (text === "") return 0;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Math.max(0, Number(text));
}

function watchFaults(match: string, initial: string | null, continueToken: string): readonly FieldFault[] {
  if (continueToken !== "") return [forbidden("continue", "continue is forbidden for watch")];
  if (initial === null)
    return match === "" ? [] : [forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")];
  return [
    ...(match === "" ? [forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")] : []),
    ...(match !== "" && match !== "NotOlderThan"
      ? [
          forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
          unsupported("resourceVersionMatch", match, ["NotOlderThan"]),
        ]
      : []),
  ];
}

function listFaults(match: string, resourceVersion: string, continueToken: string, initial: string | null): readonly FieldFault[] {
  if (initial !== null) return [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")];
  if (match === "") return [];
  return [
    ...(resourceVersion === "" ? [forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")] : []),
    ...(continueToken === "" ? [] : [forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")]),
    ...(Object.hasOwn(MATCHES, match) ? [] : [unsupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])]),
    ...(match === "Exact" && resourceVersion === "0"
      ? [forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
      : []),
  ];
}
