import type { KindFacts, Schema } from "@plumb/openapi";
import { FieldSet } from "@plumb/patch";
import type { JsonObject } from "@plumb/std";
import { draftValue, numberAt, objectAt, valueAt, within, type Draft } from "../draft.ts";
import type { FieldFault } from "../refusal.ts";
import type { Rules, WriteContext } from "../resource.ts";
import type { NameRule } from "../validation/names.ts";
import { decodeStruct } from "../wire/decode.ts";
import { equalValue } from "../wire/equal-value.ts";
import { KIND_RULES } from "./kind-rules.ts";

/** What a kind has of its own; what is left out is as for any kind. */
export interface KindRules {
  readonly names?: NameRule;
  /** What the generation counts changes of; absent where a kind has no generation. */
  readonly generation?: readonly string[];
  readonly createsOnUpdate?: true;
  readonly needsVersion?: true;
  readonly answersDeleted?: true;
  readonly deletesGracefully?: true;
  /** A DELETE that says no policy orphans dependents; the warning that goes with it, which may be empty. */
  readonly orphansByDefault?: string;
  /** The main endpoint may write the status. */
  readonly keepsStatus?: true;
  /** Paths that the status endpoint leaves alone, besides `spec`. */
  readonly statusKeeps?: readonly (readonly string[])[];
  readonly prepareCreate?: (draft: Draft, context: WriteContext) => void;
  readonly prepareUpdate?: (draft: Draft, old: JsonObject, context: WriteContext) => void;
  readonly validate?: (object: JsonObject, context: WriteContext) => readonly FieldFault[];
  /** True where `validateUpdate` is all that an update is checked by. */
  readonly checksWholeUpdate?: true;
  readonly validateUpdate?: (object: JsonObject, old: JsonObject, context: WriteContext) => readonly FieldFault[];
  readonly validateStatus?: (object: JsonObject, old: JsonObject) => readonly FieldFault[];
  readonly warnings?: (object: JsonObject, old: JsonObject | undefined) => readonly string[];
  readonly allocate?: (draft: Draft, old: JsonObject | undefined, context: WriteContext) => void;
  readonly release?: (object: JsonObject) => void;
}

/** Kinds whose update does not check the whole object again. */
const CHECKED_LESS: ReadonlySet<string> = new Set([
  "apps/deployments",
  "apps/replicasets",
  "apps/statefulsets",
  "apps/daemonsets",
  "batch/jobs",
  "/pods",
  "/namespaces",
]);

/** The rules of a built-in kind. @param own what this server adds, such as the addresses of Services */
export function builtinRules(facts: KindFacts, own: KindRules = {}): Rules {
  const kind: KindRules = { ...KIND_RULES[`${facts.group}/${facts.plural}`], ...own };
  const hasStatus = facts.subresources.some(({ name }) => name === "status");
  const statusSchema = facts.schema.fields.get("status");
  const resetsStatus = hasStatus && kind.keepsStatus !== true;
  return {
    names: kind.names ?? "subdomain",
    metadataChecks: CHECKED_LESS.has(`${facts.group}/${facts.plural}`) ? 3 : 4,
    createsOnUpdate: kind.createsOnUpdate ?? false,
    updatesUnconditionally: kind.needsVersion !== true,
    answersDeleted: kind.answersDeleted ?? false,
    deletesGracefully: kind.deletesGracefully ?? false,
    orphansByDefault: kind.orphansByDefault,
    resetFields: resetsStatus ? FieldSet.ofNames(["status"]) : FieldSet.EMPTY,
    statusResetFields: FieldSet.ofNames(["spec"], ...(kind.statusKeeps ?? [])),
    prepareCreate(draft, context) {
      if (resetsStatus) setStatus(draft, emptyStatus(statusSchema));
      if (kind.generation !== undefined) within(draft, "metadata")["generation"] = 1;
      kind.prepareCreate?.(draft, context);
    },
    prepareUpdate(draft, old, context) {
      if (resetsStatus) setStatus(draft, objectAt(old, "status"));
      kind.prepareUpdate?.(draft, old, context);
      const counted = (kind.generation ?? []).map((path) => path.split("."));
      if (counted.some((path) => !equalValue(valueAt(draft, ...path), valueAt(old, ...path), schemaAt(facts.schema, path)))) {
        within(draft, "metadata")["generation"] = (numberAt(old, "metadata", "generation") ?? 0) + 1;
      }
    },
    prepareStatus(draft, old) {
      for (const path of [["spec"], ...(kind.statusKeeps ?? [])]) keepOld(draft, old, path);
    },
    validate: (object, context) => kind.validate?.(object, context) ?? [],
    validateUpdate: (object, old, context) => [
      ...(kind.validateUpdate?.(object, old, context) ?? []),
      ...(kind.checksWholeUpdate === true ? [] : (kind.validate?.(object, context) ?? [])),
    ],
    validateStatus: (object, old) => kind.validateStatus?.(object, old) ?? [],
    warnings: (object, old) => kind.warnings?.(object, old) ?? [],
    allocate: (draft, old, context) => kind.allocate?.(draft, old, context),
    release: (object) => kind.release?.(object),
  };
}

function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((at, key) => at?.fields.get(key), schema);
}

function emptyStatus(schema: Schema | undefined): JsonObject | undefined {
  return schema === undefined ? undefined : decodeStruct({}, schema, [], "status");
}

function setStatus(draft: Draft, status: JsonObject | undefined): void {
  if (status === undefined) delete draft["status"];
  else draft["status"] = draftValue(status);
}

/** Puts back what `old` has at `path`. */
function keepOld(draft: Draft, old: JsonObject, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) return;
  const parent = path.slice(0, -1).reduce(within, draft);
  const value = valueAt(old, ...path);
  if (value === undefined) delete parent[last];
  else parent[last] = draftValue(value);
}
