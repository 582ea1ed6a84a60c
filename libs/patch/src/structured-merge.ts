import { ToolkitError, type JsonObject } from "@plumb/std";
import { conflictMessage, fieldConflict } from "./conflict.ts";
import { FieldSet } from "./field-set.ts";
import { CLIENT_SIDE_APPLIER, lastAppliedFields, withLastApplied } from "./last-applied.ts";
import type { ManagedEntry } from "./managed-entry.ts";
import { foldOldUpdaters, identityOf, readShares, writeShares, type Share } from "./managers.ts";
import type { ApplyRequest, ApplyResult, FieldConflict, UpdateRequest } from "./merge-request.ts";
import { fitToSchema } from "./schema-fit.ts";
import { keysOf, mapOf, sameValue } from "./shape.ts";
import { faultText, typeFaults } from "./typed-check.ts";
import { compareTyped, type Comparison } from "./typed-compare.ts";
import { fieldsOf } from "./typed-fields.ts";
import { mergeTyped } from "./typed-merge.ts";
import { pruned } from "./typed-prune.ts";
import { Versions } from "./versions.ts";

/** What nobody owns: the server writes it, or it names the object. */
const NEVER_OWNED = FieldSet.ofNames(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"].map((name) => [
    "metadata",
    name,
  ]),
);
const BEFORE_FIRST_APPLY = "before-first-apply";

type Context = Omit<ApplyRequest, "live" | "empty" | "isCreate" | "applied" | "managedFields" | "force">;

/**
 * Server-side apply: merges what is applied into the live object, takes over its fields, and removes those that this manager
 * applied before, no longer applies, and nobody else owns. As structured-merge-diff v6 does behind kube-apiserver 1.36.
 *
 * @throws {ToolkitError} `invalid` when the stored managed fields cannot be read
 */
export function applyPatch(request: ApplyRequest): ApplyResult {
  if (request.manager !== CLIENT_SIDE_APPLIER) return applyOnce(request);
  const result = upgraded(request, applyOnce(request));
  return result.kind === "applied" ? withLastApplied(result, request.applied) : result;
}

/** What client-side apply owned counts as the applier's own: conflicts over it alone are no conflicts. */
function upgraded(request: ApplyRequest, result: ApplyResult): ApplyResult {
  if (result.kind !== "conflict") return result;
  const owned = lastAppliedFields(request.live, request.apiVersion, request.schema);
  if (owned === undefined) return result;
  const conflicts = result.conflicts.filter(({ path }) => !owned.has(path));
  return conflicts.length === 0 ? applyOnce({ ...request, force: true }) : { kind: "conflict", conflicts, message: conflictMessage(conflicts) };
}

function applyOnce(request: ApplyRequest): ApplyResult {
  const live = withoutManagedFields(request.live);
  const versions = new Versions(request);
  const before = firstApply(request, live, versions);
  const faults = typeFaults(request.applied, request.schema);
  if (faults.length > 0) return { kind: "untyped", message: faultText(faults) };
  const shares = fitted(before, live, versions);
  const id = identityOf(selfOf(request, "Apply"));
  const last = shares.get(id);
  const fields = withoutReset(fieldsOf(request.applied, request.schema), request);
  shares.set(id, { ...selfOf(request, "Apply"), fields, time: last?.time });
  const merged = pruned(mergeTyped(live, request.applied, request.schema), shares, id, last, versions);
  const taken = takeFields({ live, after: merged, shares, id, force: request.force, request, versions });
  if (taken.kind === "conflict") return { ...taken, message: conflictMessage(taken.conflicts) };
  const isChanged = !sameValue(live, merged);
  const owned = stripped(taken.shares, id);
  const own = owned.get(id);
  if (own !== undefined && isChanged) owned.set(id, { ...own, time: request.now });
  return { kind: "applied", object: isChanged ? merged : live, managedFields: writeShares(owned), isChanged };
}

/** An object that nobody is known to own belongs to `before-first-apply` from its first apply on. */
function firstApply(request: ApplyRequest, live: JsonObject, versions: Versions): Map<string, Share> {
  const shares = readShares(request.managedFields);
  if (shares.size > 0 || request.isCreate) return shares;
  return updated(shares, request.empty, live, { ...request, manager: BEFORE_FIRST_APPLY }, versions);
}

/**
 * The managed fields after a plain write (create, update, patch): who wrote a value owns it, and nobody else does.
 * Fields that are gone are nobody's. An object whose fields are not tracked stays so until the next apply.
 */
export function updateManaged(request: UpdateRequest): readonly ManagedEntry[] | undefined {
  const before = withoutManagedFields(request.before);
  const after = withoutManagedFields(request.after);
  const shares = sharesForUpdate(request);
  if (shares.size === 0 && !request.isCreate) return undefined;
  const versions = new Versions(request);
  const entries = writeShares(foldOldUpdaters(updated(shares, before, after, request, versions)));
  return entries.length === 0 ? undefined : entries;
}

/** The entries of the request where it brings readable ones, else the stored ones; none where the request wipes them. */
function sharesForUpdate({ requested, managedFields, subresource }: UpdateRequest): Map<string, Share> {
  if (subresource === undefined || subresource === "") {
    if (requested !== undefined && isWipe(requested)) return new Map();
    const brought = requested === undefined ? undefined : readable(requested);
    if (brought !== undefined && brought.size > 0) return brought;
  }
  return readable(managedFields) ?? new Map();
}

function isWipe(entries: readonly ManagedEntry[]): boolean {
  const [first, ...rest] = entries;
  return first === undefined || (rest.length === 0 && keysOf(first).length === 0);
}

function readable(entries: readonly ManagedEntry[] | undefined): Map<string, Share> | undefined {
  try {
    return readShares(entries);
  } catch (thrown) {
    if (thrown instanceof ToolkitError) return undefined;
    throw thrown;
  }
}

/** Gives what changed to the writer, joined with what it wrote before under the same name. */
function updated(stored: Map<string, Share>, before: JsonObject, after: JsonObject, request: Context, versions: Versions): Map<string, Share> {
  const id = identityOf(selfOf(request, "Update"));
  const { shares, comparison } = taken(takeFields({ live: before, after, shares: fitted(stored, before, versions), id: "", force: true, request, versions }));
  const { added, modified } = comparison;
  const fields = withoutReset(modified.union(added), request).difference(NEVER_OWNED);
  if (fields.isEmpty) return shares;
  const previous = shares.get(id)?.fields ?? FieldSet.EMPTY;
  shares.set(id, { ...selfOf(request, "Update"), fields: fields.union(previous), time: request.now });
  return shares;
}

interface TakeRequest {
  readonly live: JsonObject;
  readonly after: JsonObject;
  readonly shares: Map<string, Share>;
  /** Who takes; no share of its own is touched. */
  readonly id: string;
  readonly force: boolean;
  readonly request: Context;
  readonly versions: Versions;
}

interface Taken {
  readonly kind: "taken";
  readonly shares: Map<string, Share>;
  readonly comparison: Comparison;
}

function taken(outcome: Taken | { readonly kind: "conflict" }): Taken {
  if (outcome.kind === "taken") return outcome;
  throw new ToolkitError("internal", "a forced write cannot conflict");
}

/** Takes what has changed from everybody else, each seen in the version of its share; versions that are gone drop out. */
function takeFields({
  live,
  after,
  shares,
  id,
  force,
  request,
  versions,
}: TakeRequest): Taken | { readonly kind: "conflict"; readonly conflicts: readonly FieldConflict[] } {
  const comparisons = new Map<string, Comparison>();
  const own = comparedIn(request.apiVersion, live, after, versions, request) ?? { added: FieldSet.EMPTY, modified: FieldSet.EMPTY, removed: FieldSet.EMPTY };
  comparisons.set(request.apiVersion, own);
  const left = new Map<string, Share>();
  const conflicts: FieldConflict[] = [];
  for (const [key, share] of shares) {
    if (key === id) {
      left.set(key, share);
      continue;
    }
    const comparison = comparisons.get(share.apiVersion) ?? comparedIn(share.apiVersion, live, after, versions, request);
    if (comparison === undefined) continue;
    comparisons.set(share.apiVersion, comparison);
    const conflict = share.fields.intersection(comparison.modified.union(comparison.added));
    for (const path of conflict.paths()) conflicts.push(fieldConflict(share, path));
    const fields = share.fields.difference(conflict).difference(comparison.removed);
    if (!fields.isEmpty) left.set(key, { ...share, fields });
  }
  if (!force && conflicts.length > 0) return { kind: "conflict", conflicts };
  const self = left.get(id);
  if (self?.fields.isEmpty === true) left.delete(id);
  return { kind: "taken", shares: left, comparison: own };
}

/** undefined for a version that is not served. */
function comparedIn(apiVersion: string, live: JsonObject, after: JsonObject, versions: Versions, request: Context): Comparison | undefined {
  const schema = versions.schema(apiVersion);
  const from = versions.convert(live, apiVersion);
  const to = versions.convert(after, apiVersion);
  if (schema === undefined || from === undefined || to === undefined) return undefined;
  const { added, modified, removed } = compareTyped(from, to, schema);
  return { added: withoutReset(added, request), modified: withoutReset(modified, request), removed: withoutReset(removed, request) };
}

/** Shares as they read under the schema of today; those of versions that are gone drop out. */
function fitted(shares: Map<string, Share>, live: JsonObject, versions: Versions): Map<string, Share> {
  const fit = new Map<string, Share>();
  for (const [id, share] of shares) {
    const schema = versions.schema(share.apiVersion);
    if (schema === undefined || versions.convert(live, share.apiVersion) === undefined) continue;
    fit.set(id, { ...share, fields: fitToSchema(share.fields, schema) });
  }
  return fit;
}

function stripped(shares: Map<string, Share>, id: string): Map<string, Share> {
  const own = shares.get(id);
  if (own === undefined) return shares;
  const fields = own.fields.difference(NEVER_OWNED);
  const result = new Map(shares);
  if (fields.isEmpty) result.delete(id);
  else result.set(id, { ...own, fields });
  return result;
}

function withoutReset(fields: FieldSet, { resetFields }: Context): FieldSet {
  return resetFields === undefined ? fields : fields.withoutSubtrees(resetFields);
}

function selfOf({ manager, subresource, apiVersion }: Context, operation: Share["operation"]): Omit<Share, "fields" | "time"> {
  return { manager: manager === "" ? "unknown" : manager, operation, apiVersion, subresource: subresource === "" ? undefined : subresource };
}

function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = mapOf(object["metadata"]);
  if (metadata?.["managedFields"] === undefined) return object;
  const { managedFields: _managed, ...rest } = metadata;
  return { ...object, metadata: rest };
}
