import { createHash } from "node:crypto";
import { inventoryEntry, type LiveObject, type ManagedFieldsEntry, type Manifest } from "@plumb/api";
import { isObject, stringifyJson } from "@plumb/std";
import { APPLY_MANAGER } from "./owner.ts";

/** What is remembered of an object from the answer to our own write: some 250 bytes, no value of a field. */
export interface Baseline {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
  /** Hash of the fields that our entry of `managedFields` names; its time is no part of it. */
  readonly fieldsHash: string;
  /** Hash of what was sent. */
  readonly desiredHash: string;
  /** The revision that was applied. */
  readonly revision: string;
}

/** Names an object wherever objects of many kinds are kept together: its inventory id. */
export type ObjectKey = string;

export function objectKey(object: Manifest): ObjectKey {
  return inventoryEntry(object).id;
}

export function baselineOf(answer: LiveObject, desiredHash: string, revision: string): Baseline {
  const { uid, resourceVersion, generation } = answer.metadata;
  return { uid, resourceVersion, generation, fieldsHash: hashOf(ownEntry(answer)?.fieldsV1 ?? {}), desiredHash, revision };
}

/** Our entry in `managedFields`; undefined when it is gone. */
export function ownEntry({ metadata }: LiveObject): ManagedFieldsEntry | undefined {
  return metadata.managedFields?.find(({ manager, operation, subresource }) => manager === APPLY_MANAGER && operation === "Apply" && (subresource ?? "") === "");
}

/** Equal for equal values, whatever the order of their keys; 16 bytes in base64. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(stringifyJson(inKeyOrder(value))).digest("base64url").slice(0, 22);
}

function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, child]) => [key, inKeyOrder(child)]));
}

/**
 * The baselines of every object this process applies.
 *
 * An object is unknown, clean (it is as our last write left it) or doubted (something rang, or nobody watches it). Only a
 * clean one needs no dry run.
 */
export class Baselines {
  readonly #baselines = new Map<ObjectKey, Baseline>();
  readonly #doubted = new Set<ObjectKey>();

  get size(): number {
    return this.#baselines.size;
  }

  get(key: ObjectKey): Baseline | undefined {
    return this.#baselines.get(key);
  }

  isClean(key: ObjectKey): boolean {
    return this.#baselines.has(key) && !this.#doubted.has(key);
  }

  /** Records the answer to a write of ours. */
  set(key: ObjectKey, baseline: Baseline): void {
    this.#baselines.set(key, baseline);
    this.#doubted.delete(key);
  }

  doubt(key: ObjectKey): void {
    this.#doubted.add(key);
  }

  forget(key: ObjectKey): void {
    this.#baselines.delete(key);
    this.#doubted.delete(key);
  }
}
