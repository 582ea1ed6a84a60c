import type { JsonObject } from "@plumb/std";
import { FieldSet } from "./field-set.ts";
import type { Share, Shares } from "./managers.ts";
import { withNamedFields } from "./schema-fit.ts";
import { fieldsOf } from "./typed-fields.ts";
import { removeFields } from "./typed-remove.ts";
import type { Versions } from "./versions.ts";

/**
 * Removes from `merged` what this manager applied last time and no longer applies, unless somebody else owns it.
 * What nobody owned before stays too, as others may have put it beside.
 *
 * @param shares everybody's, the new one of the applying manager included
 * @param last what the applying manager owned before
 */
export function pruned(merged: JsonObject, shares: Shares, id: string, last: Share | undefined, versions: Versions): JsonObject {
  if (last === undefined || last.fields.isEmpty) return merged;
  const schema = versions.schema(last.apiVersion);
  const inLastVersion = versions.convert(merged, last.apiVersion);
  if (schema === undefined || inLastVersion === undefined) return merged;
  const bare = removeFields(inLastVersion, withNamedFields(last.fields, schema), schema);
  const owned = withOwnedBack(inLastVersion, bare, last.apiVersion, shares, versions);
  const result = withUnownedBack(inLastVersion, owned, last, versions);
  return versions.convert(result, shares.get(id)?.apiVersion ?? versions.own) ?? merged;
}

/** Puts back what any manager owns, version by version; that of `version` first, so that the others can be converted. */
function withOwnedBack(merged: JsonObject, bare: JsonObject, version: string, shares: Shares, versions: Versions): JsonObject {
  const owned = new Map<string, FieldSet>();
  for (const { apiVersion, fields } of shares.values()) owned.set(apiVersion, (owned.get(apiVersion) ?? FieldSet.EMPTY).union(fields));
  const order = [version, ...[...owned.keys()].filter((other) => other !== version)];
  let kept = bare;
  let whole = merged;
  for (const apiVersion of order) {
    const fields = owned.get(apiVersion);
    const schema = versions.schema(apiVersion);
    const [from, to] = [versions.convert(whole, apiVersion), versions.convert(kept, apiVersion)];
    if (fields === undefined || schema === undefined || from === undefined || to === undefined) continue;
    const gone = withNamedFields(fieldsOf(from, schema), schema).difference(
      withNamedFields(fieldsOf(to, schema), schema).union(withNamedFields(fields, schema)),
    );
    kept = removeFields(from, gone, schema);
    whole = from;
  }
  return kept;
}

/** Of what is missing now, only what this manager owned before stays removed. */
function withUnownedBack(merged: JsonObject, kept: JsonObject, last: Share, versions: Versions): JsonObject {
  const schema = versions.schema(last.apiVersion);
  const inLastVersion = versions.convert(kept, last.apiVersion);
  if (schema === undefined || inLastVersion === undefined) return merged;
  const missing = withNamedFields(fieldsOf(merged, schema), schema).difference(withNamedFields(fieldsOf(inLastVersion, schema), schema));
  return removeFields(merged, missing.intersection(withNamedFields(last.fields, schema)), schema);
}
