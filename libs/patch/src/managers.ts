import { compareText, stringifyJson, ToolkitError } from "@plumb/std";
import { FieldSet } from "./field-set.ts";
import type { ManagedEntry } from "./managed-entry.ts";

/** One manager's share. Appliers are told apart by name and subresource, updaters by their API version too. */
export interface Share {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly subresource: string | undefined;
  readonly apiVersion: string;
  readonly fields: FieldSet;
  readonly time: string | undefined;
}

/** Shares by identity. */
export type Shares = ReadonlyMap<string, Share>;

/** Updaters that an object remembers; older ones are folded into one. */
const MAX_UPDATERS = 10;
const FOLDED = "ancient-changes";

export function identityOf({ manager, operation, subresource, apiVersion }: Omit<Share, "fields" | "time">): string {
  return stringifyJson([manager, operation, subresource ?? "", operation === "Apply" ? "" : apiVersion]);
}

/** @throws {ToolkitError} `invalid` for an entry that cannot be read */
export function readShares(entries: readonly ManagedEntry[] | undefined): Map<string, Share> {
  const shares = new Map<string, Share>();
  for (const [index, entry] of (entries ?? []).entries()) {
    const share = readShare(entry, index);
    shares.set(identityOf(share), share);
  }
  return shares;
}

function readShare({ manager = "", operation, apiVersion = "", time, fieldsType, fieldsV1, subresource }: ManagedEntry, index: number): Share {
  if (operation !== "Apply" && operation !== "Update") throw new ToolkitError("invalid", "operation must be `Apply` or `Update`");
  if (apiVersion === "") throw new ToolkitError("invalid", "apiVersion must not be empty");
  if (fieldsType !== "FieldsV1") {
    const fault = fieldsType === undefined || fieldsType === "" ? "missing fieldsType" : `invalid fieldsType ${stringifyJson(fieldsType)}`;
    throw new ToolkitError("invalid", `${fault} in managed fields entry ${index}`);
  }
  try {
    return { manager, operation, apiVersion, time, subresource: subresource === "" ? undefined : subresource, fields: FieldSet.parse(fieldsV1 ?? {}) };
  } catch (cause) {
    throw new ToolkitError("invalid", `error decoding set: ${String(cause)}`, { cause });
  }
}

/** The wire form: appliers before updaters, then by second, name, version and subresource. */
export function writeShares(shares: Shares): readonly ManagedEntry[] {
  return [...shares.values()].sort(compareShares).map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields.serialize(),
    ...(subresource === undefined ? {} : { subresource }),
  }));
}

function compareShares(a: Share, b: Share): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource ?? "", b.subresource ?? "")
  );
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** Folds the oldest updaters, version by version, until at most ten updaters are left. */
export function foldOldUpdaters(shares: Shares): Shares {
  const updaters = [...shares].filter(([, { operation }]) => operation === "Update");
  if (updaters.length <= MAX_UPDATERS) return shares;
  const folded = new Map(shares);
  const oldestFirst = updaters.sort(([, a], [, b]) => secondsOf(a.time) - secondsOf(b.time) || compareText(sortText(a), sortText(b)));
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [id, share] of oldestFirst) {
    if (count <= MAX_UPDATERS) break;
    const first = firstOfVersion.get(share.apiVersion);
    if (first === undefined) firstOfVersion.set(share.apiVersion, id);
    else {
      foldInto(folded, first, id, share);
      count -= 1;
    }
  }
  return folded;
}

/** The text by which the API server orders managers of one second: its own identity, a JSON object. */
function sortText({ manager, operation, apiVersion, subresource }: Share): string {
  return stringifyJson({ manager, operation, apiVersion, ...(subresource === undefined ? {} : { subresource }) });
}

function foldInto(shares: Map<string, Share>, first: string, id: string, share: Share): void {
  const bucket = { manager: FOLDED, operation: "Update" as const, apiVersion: share.apiVersion, subresource: undefined };
  const bucketId = identityOf(bucket);
  const oldest = shares.get(bucketId) ?? shares.get(first);
  if (!shares.has(bucketId)) shares.delete(first);
  const fields = oldest === undefined ? share.fields : oldest.fields.union(share.fields);
  if (id !== bucketId) shares.delete(id);
  // why: the younger of the two tells how recent the folded entry is
  shares.set(bucketId, { ...bucket, fields, time: share.time });
}
