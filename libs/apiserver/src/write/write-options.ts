import type { JsonObject } from "@plumb/std";
import { numberAt, textAt, valueAt } from "../draft.ts";
import { badRequest, forbidden, invalid, invalidObject, required, tooLong, unsupported, type FieldFault } from "../refusal.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** What the query of a write says. */
export interface QueryOptions {
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
  readonly fieldManager: string;
  readonly force: boolean | undefined;
}

export interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly propagation: "Orphan" | "Foreground" | "Background" | undefined;
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** A delete that asks for nothing in particular. */
export const PLAIN_DELETE: DeleteOptions = {
  isDryRun: false,
  propagation: undefined,
  gracePeriodSeconds: undefined,
  uid: undefined,
  resourceVersion: undefined,
};

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

const FIELD_VALIDATIONS: Readonly<Record<string, FieldValidation>> = { "": "Warn", Ignore: "Ignore", Warn: "Warn", Strict: "Strict" };

function refuse(kind: OptionsKind, faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw invalidObject("meta.k8s.io", kind, "", faults);
}

const MANAGER_LIMIT_BYTES = 128;

function managerFaults(manager: string): readonly FieldFault[] {
  const length = Buffer.byteLength(manager) > MANAGER_LIMIT_BYTES ? [tooLong("fieldManager", MANAGER_LIMIT_BYTES)] : [];
  const at = manager.search(UNPRINTABLE);
  return at === -1 ? length : [...length, invalid("fieldManager", manager, `invalid character (at position ${at})`)];
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

function dryRunFaults(values: readonly string[]): readonly FieldFault[] {
  return values.every((value) => value === "All") ? [] : [unsupported("dryRun", values, ["All"])];
}

/** @throws {Refusal} 422 naming the option; `isApply` asks for a manager and allows `force` */
export function parseQueryOptions(kind: OptionsKind, query: URLSearchParams, isApply = false): QueryOptions {
  const dryRun = query.getAll("dryRun");
  const validation = query.get("fieldValidation") ?? "";
  const fieldManager = query.get("fieldManager") ?? "";
  const forceText = query.get("force");
  const force = forceText === null ? undefined : isTrue(forceText);
  refuse(kind, [
    ...dryRunFaults(dryRun),
    ...(Object.hasOwn(FIELD_VALIDATIONS, validation) ? [] : [unsupported("fieldValidation", validation, ["", "Ignore", "Strict", "Warn"])]),
    ...managerFaults(fieldManager),
    ...(isApply && fieldManager === "" ? [required("fieldManager", "is required for apply patch")] : []),
    ...(kind === "PatchOptions" && !isApply && force !== undefined ? [forbidden("force", "may not be specified for non-apply patch")] : []),
  ]);
  return { isDryRun: dryRun.length > 0, fieldValidation: FIELD_VALIDATIONS[validation] ?? "Warn", fieldManager, force };
}

/** As Go's conversion of query values reads a boolean. */
export function isTrue(text: string): boolean {
  return text !== "false" && text !== "0" && text.toLowerCase() !== "false";
}

const PROPAGATIONS: Readonly<Record<string, DeleteOptions["propagation"]>> = { Orphan: "Orphan", Foreground: "Foreground", Background: "Background" };

/** From the body where there is one, else from the query. @throws {Refusal} 422 naming the option */
export function parseDeleteOptions(body: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const source: JsonObject = body ?? fromQuery(query);
  const dryRunValue = valueAt(source, "dryRun");
  const dryRun = Array.isArray(dryRunValue) ? dryRunValue.map(String) : [];
  const policy = textAt(source, "propagationPolicy");
  const orphans = valueAt(source, "orphanDependents");
  const setsBoth = policy !== undefined && typeof orphans === "boolean";
  refuse("DeleteOptions", [
    ...(setsBoth ? [invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set")] : []),
    ...(policy === undefined || Object.hasOwn(PROPAGATIONS, policy)
      ? []
      : [unsupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"])]),
    ...dryRunFaults(dryRun),
  ]);
  return {
    isDryRun: dryRun.length > 0,
    propagation: policy === undefined ? (orphans === true ? "Orphan" : undefined) : PROPAGATIONS[policy],
    gracePeriodSeconds: numberAt(source, "gracePeriodSeconds"),
    uid: textAt(source, "preconditions", "uid"),
    resourceVersion: textAt(source, "preconditions", "resourceVersion"),
  };
}

function seconds(text: string): number {
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function fromQuery(query: URLSearchParams): JsonObject {
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  return {
    ...(grace === null || grace === "" ? {} : { gracePeriodSeconds: seconds(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  };
}

export function isDeleteOptions(body: JsonObject): boolean {
  return body["kind"] === undefined || body["kind"] === "DeleteOptions" || body["kind"] === "";
}
