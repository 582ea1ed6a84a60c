import type { Condition, LiveObject } from "@plumb/api";
import type { KubeClient, ResourceName } from "@plumb/kube";
import { canonicalJson, isObject, timestampOf, toToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { withConditions, type ConditionChanges } from "./conditions.ts";

/** What is to change in the status of one object. A field that is left out stays; `undefined` removes it. */
export interface StatusUpdate {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly conditions: ConditionChanges;
  /** The generation that the conditions are about; that of the stored object unless set. */
  readonly generation?: number;
}

export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, "get" | "patch">;
  readonly resource: ResourceName;
  readonly fieldManager: string;
  readonly nowMs: () => number;
}

/** Tries against a concurrent writer, each from a fresh read (C-014). */
const MAX_TRIES = 5;

/**
 * Writes the status of one kind's objects; nothing else does. A merge patch of what differs from what is stored, locked on
 * the version it was computed from; where nothing differs there is no request.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /**
   * Returns the object as stored afterwards; undefined when it no longer exists.
   *
   * @throws {ToolkitError} when the update could not be stored
   */
  async write(obj: LiveObject, update: StatusUpdate, signal: AbortSignal): Promise<LiveObject | undefined> {
    let current = obj;
    for (let tries = 1; ; tries++) {
      const patch = statusPatch(current, update, this.#options.nowMs());
      if (patch === undefined) return current;
      try {
        return await this.#send(current, patch, signal);
      } catch (thrown) {
        const error = toToolkitError(thrown);
        if (error.kind === "missing") return undefined;
        if (error.kind !== "conflict" || tries === MAX_TRIES) throw error;
        const fresh = await this.#options.client.get(this.#nameOf(obj), { signal });
        if (fresh === undefined || fresh.metadata.uid !== obj.metadata.uid) return undefined;
        current = fresh;
      }
    }
  }

  #send(current: LiveObject, patch: JsonObject, signal: AbortSignal): Promise<LiveObject> {
    const { resourceVersion } = current.metadata;
    const { client, fieldManager } = this.#options;
    return client.patch(
      this.#nameOf(current),
      { metadata: { resourceVersion }, status: patch },
      { type: "merge", subresource: "status", fieldManager, signal },
    );
  }

  #nameOf({ metadata }: LiveObject): { resource: ResourceName; namespace: string | undefined; name: string } {
    return { resource: this.#options.resource, namespace: metadata.namespace, name: metadata.name };
  }
}

/** The merge patch that turns the stored status into the updated one; undefined when there is nothing to change. Pure. */
export function statusPatch(
  obj: LiveObject,
  { fields, conditions, generation = obj.metadata.generation ?? 0 }: StatusUpdate,
  nowMs: number,
): JsonObject | undefined {
  const stored = isObject(obj["status"]) ? obj["status"] : {};
  const before = conditionsOf(obj);
  const after = withConditions(before, conditions, { generation, now: timestampOf(nowMs) });
  const patch: Record<string, JsonValue> = {};
  for (const [field, value] of Object.entries(fields)) {
    const known = Object.hasOwn(stored, field) ? stored[field] : undefined;
    if (!isSame(known, value)) patch[field] = value === undefined ? null : replacement(known, asJson(value));
  }
  if (!isSame(before, after)) patch["conditions"] = asJson(after);
  return Object.keys(patch).length === 0 ? undefined : patch;
}

export function conditionsOf(obj: LiveObject): readonly Condition[] {
  const status = obj["status"];
  const conditions = isObject(status) ? status["conditions"] : undefined;
  // why: the CRD's schema admits nothing but conditions here
  return Array.isArray(conditions) ? (conditions as unknown as readonly Condition[]) : [];
}

/** A merge patch keeps the keys it does not name: those that are to go are named with null. */
function replacement(before: JsonValue | undefined, after: JsonValue): JsonValue {
  if (!isObject(before) || !isObject(after)) return after;
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const kept = Object.entries(after).map(
    ([key, value]) => [key, value === undefined ? null : replacement(Object.hasOwn(before, key) ? before[key] : undefined, value)] as const,
  );
  return Object.fromEntries([...kept, ...removed.map((key) => [key, null] as const)]);
}

function isSame(stored: unknown, wanted: unknown): boolean {
  return stored === wanted || canonicalJson(stored ?? null) === canonicalJson(wanted ?? null);
}

function asJson(value: unknown): JsonValue {
  // why: statuses are made of JSON values; a type made from a schema does not say so to the compiler
  return value as JsonValue;
}
