import type { Schema } from "@plumb/openapi";
import { isDraft, type Draft, type DraftValue } from "../draft.ts";
import { AUTOSCALING_DEFAULTS } from "./autoscaling-defaults.ts";
import { CORE_DEFAULTS } from "./core-defaults.ts";
import { GROUP_DEFAULTS } from "./group-defaults.ts";
import { WORKLOAD_DEFAULTS } from "./workload-defaults.ts";

const BY_TYPE: ReadonlyMap<string, (value: Draft) => void> = new Map(
  [CORE_DEFAULTS, WORKLOAD_DEFAULTS, AUTOSCALING_DEFAULTS, GROUP_DEFAULTS].flatMap((table) =>
    Object.entries(table).map(([name, set]): [string, (value: Draft) => void] => [`io.k8s.${name}`, set]),
  ),
);

/** Types that hold no default, and none within: they need not be walked. */
const bare = new WeakMap<Schema, boolean>();

/** Sets the defaults of a built-in object in place: of the whole first, then of its parts, each by its type. */
export function setDefaults(value: Draft, schema: Schema): void {
  BY_TYPE.get(schema.typeName)?.(value);
  for (const [name, field] of schema.fields) {
    const member = value[name];
    if (member !== undefined && member !== null) walk(member, field);
  }
}

function walk(value: DraftValue, schema: Schema): void {
  if (isBare(schema, new Set())) return;
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items !== undefined) for (const item of value) walk(item, items);
    return;
  }
  if (!isDraft(value)) return;
  if (schema.typeName !== "") {
    setDefaults(value, schema);
    return;
  }
  const values = schema.values;
  if (values !== undefined) for (const member of Object.values(value)) if (member !== undefined) walk(member, values);
}

function isBare(schema: Schema, within: Set<string>): boolean {
  if (schema.type !== "object" && schema.type !== "array") return true;
  const known = bare.get(schema);
  if (known !== undefined) return known;
  if (BY_TYPE.has(schema.typeName)) return remember(schema, false);
  if (schema.typeName !== "") {
    if (within.has(schema.typeName)) return true;
    within.add(schema.typeName);
  }
  const parts = [
    ...schema.fields.values(),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.fields.size === 0 && schema.typeName === "" && schema.values !== undefined ? [schema.values] : []),
  ];
  return remember(
    schema,
    parts.every((part) => isBare(part, within)),
  );
}

function remember(schema: Schema, isIt: boolean): boolean {
  bare.set(schema, isIt);
  return isIt;
}
