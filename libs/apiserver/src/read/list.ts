import { parseJson, stringifyJson, type JsonObject, type JsonValue } from "@plumb/std";
import { numberAt, textAt } from "../draft.ts";
import type { ListOptions } from "../http/list-options.ts";
import { badRequest, expired, fromTheFuture, type Refusal } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import type { Snapshot, Store } from "../storage/store.ts";
import { present } from "../write/writer.ts";
import type { Selection } from "./selection.ts";

/** A page of a list. */
export interface Page {
  readonly version: number;
  readonly items: readonly JsonObject[];
  /** Empty on the last page. */
  readonly continueToken: string;
  /** How many are left; undefined where selectors make that unknown. */
  readonly remaining: number | undefined;
}

/** Where the next page starts: after `key`, in the list as it was at `version`. */
interface Bookmark {
  readonly version: number;
  readonly key: string;
}

/** @throws {Refusal} 400, 410 or 504 for a version that the list cannot be had at */
export function listPage(store: Store, resource: Resource, selection: Selection, options: ListOptions): Page {
  const start = options.continueToken === "" ? undefined : readToken(options);
  const snapshot = snapshotFor(store, resource, selection, options, start);
  const hasSelector = options.labelSelector !== "" || options.fieldSelector !== "";
  // Version 0 is answered from the watch cache, which knows no limit.
  const limit = options.resourceVersion === "0" ? 0 : options.limit;
  const items: JsonObject[] = [];
  let last = "";
  // The page ends with its last item, whether or not another is to come: nobody has looked.
  let at = start === undefined ? 0 : snapshot.entries.findIndex(([key]) => key > start.key);
  if (at === -1) at = snapshot.entries.length;
  for (; at < snapshot.entries.length; at++) {
    const entry = snapshot.entries[at];
    if (limit > 0 && items.length === limit) break;
    if (entry === undefined || !selection.selects(entry[1])) continue;
    items.push(present(resource, entry[1]));
    last = entry[0];
  }
  const left = snapshot.entries.length - at;
  const hasMore = left > 0 && items.length > 0;
  return {
    version: snapshot.version,
    items,
    continueToken: hasMore ? writeToken({ version: snapshot.version, key: last }) : "",
    remaining: hasMore && !hasSelector ? left : undefined,
  };
}

function snapshotFor(store: Store, resource: Resource, { prefix }: Selection, options: ListOptions, start: Bookmark | undefined): Snapshot {
  const collection = store.collection(resource.collection);
  if (start !== undefined) {
    const then = collection.snapshotAt(start.version, prefix);
    if (then === undefined)
      throw expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
    return then;
  }
  const asked = askedVersion(options.resourceVersion, (why) => badRequest(`invalid resource version: ${why}`));
  if (asked > store.version) throw fromTheFuture(asked, store.version);
  // A limit together with a version means that very version, unless the rule says otherwise.
  const isExact = options.match === "Exact" || (options.match === "" && options.limit > 0 && asked > 0);
  if (!isExact) return collection.snapshot(prefix);
  const then = collection.snapshotAt(asked, prefix);
  if (then === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
  return then;
}

/** 0 where none is asked for. @param refuse makes the refusal of what is no number: upstream answers 400 to a list, 500 to others */
export function askedVersion(text: string, refuse: (why: string) => Refusal): number {
  if (text === "") return 0;
  const shown = JSON.stringify(text);
  if (!/^\d+$/.test(text)) throw refuse(`resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`);
  return Number(text);
}

function writeToken({ version, key }: Bookmark): string {
  return Buffer.from(stringifyJson({ v: "meta.k8s.io/v1", rv: version, start: key })).toString("base64url");
}

function readToken({ continueToken, resourceVersion }: ListOptions): Bookmark {
  if (resourceVersion !== "" && resourceVersion !== "0") throw badRequest("specifying resource version is not allowed when using continue");
  let token: JsonValue;
  try {
    token = parseJson(Buffer.from(continueToken, "base64url").toString());
  } catch (thrown) {
    throw badRequest(`invalid continue token: continue key is not valid: ${String(thrown)}`);
  }
  const version = numberAt(token, "rv");
  const key = textAt(token, "start");
  if (version === undefined || key === undefined)
    throw badRequest("invalid continue token: continue key is not valid: incorrect encoded start resourceVersion");
  return { version, key };
}
