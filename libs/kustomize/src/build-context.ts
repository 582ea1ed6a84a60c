import { setImmediate } from "node:timers/promises";
import type { BuildLimits } from "./build-limits.ts";
import type { Growth } from "./growth.ts";
import type { BuildCache } from "./resource/build-cache.ts";
import type { Schema } from "./schema/schema.ts";

/** What all parts of one build share, and no two builds. */
export interface BuildContext {
  readonly limits: BuildLimits;
  readonly growth: Growth;
  readonly schema: Schema;
  readonly signal: AbortSignal;
  readonly cache: BuildCache | undefined;
  /** How messages show a file: its path below the root of the file system, unless the caller calls it otherwise. */
  readonly show: (path: string) => string;
  /** Tells what a user should change one day, in kustomize's words. */
  readonly warn: (message: string) => void;
  /** Whether nodes keep their places in their texts. Few trees need them, see `PlacesNeeded`. */
  readonly places: boolean;
}

/** Thrown where kustomize looks at how Go holds an object, with lines and columns, by a build that does not keep them: it is then done again. */
export class PlacesNeeded extends Error {}

/** Gives others a turn, and stops when told to. */
export async function breathe({ signal }: BuildContext): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
