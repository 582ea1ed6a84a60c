import type { LiveObject, Manifest } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import { systemClock, toToolkitError, type Clock } from "@plumb/std";
import { baselineOf } from "./baseline.ts";
import type { Baselines } from "./baselines.ts";
import type { ChangeAction } from "./change.ts";
import { exists, placed, type Prepared } from "./desired-object.ts";
import { takeOverFor } from "./managers.ts";
import { APPLY_MANAGER } from "./owner.ts";

export interface WriteOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly overrideManagers: readonly string[];
  readonly clock?: Pick<Clock, "nowMs">;
}

/** What is written. */
export interface ObjectToWrite {
  readonly item: Prepared;
  readonly resource: Resource;
  /** The answer of its dry run. */
  readonly found: LiveObject;
}

/** For which run. */
export interface WritingRun {
  readonly revision: string;
  readonly signal: AbortSignal;
}

/** Times an object is read again because it moved between the read and the patch. */
const MAX_READS = 5;

/**
 * Applies one object and remembers how the server answered, taking over before and after what hands and older tools own (K-047).
 *
 * @throws {ToolkitError} as the API server refuses it
 */
export function writeObject(
  { item, resource, found }: ObjectToWrite,
  { revision, signal }: WritingRun,
  options: WriteOptions,
): Promise<{ readonly answer: LiveObject; readonly action: ChangeAction }> {
  const { client, baselines, overrideManagers, clock = systemClock } = options;
  const target = placed(item.object, resource);
  const name: ObjectName = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
  const apply = (): Promise<LiveObject> => client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: false, signal });
  return baselines.writing(item.key, async () => {
    // why: a dry run shows whom there is to take over from, but their fields only as they would be after it
    if (exists(found) && takeOverFor(item.object, found, overrideManagers) !== undefined) {
      await takeOver(item.object, name, await client.get(name, { signal }), signal, options);
    }
    let answer = await apply();
    // why: where managed fields had been wiped, the apply itself has brought a co-owner up (before-first-apply)
    if (await takeOver(item.object, name, answer, signal, options)) answer = await apply();
    baselines.set(item.key, baselineOf(answer, item.desiredHash, revision, clock.nowMs()));
    if (!exists(found)) return { answer, action: "created" };
    return { answer, action: found.metadata.resourceVersion === answer.metadata.resourceVersion ? "unchanged" : "configured" };
  });
}

/** Takes over what is to be taken over from the object as it was read, or as it is when it has moved since; false for nothing. */
async function takeOver(
  object: Manifest,
  name: ObjectName,
  seen: LiveObject | undefined,
  signal: AbortSignal,
  { client, overrideManagers }: WriteOptions,
): Promise<boolean> {
  let live = seen;
  for (let reads = 1; ; reads++) {
    const patch = live === undefined ? undefined : takeOverFor(object, live, overrideManagers);
    if (patch === undefined) return reads > 1;
    try {
      await client.patch(name, patch, { type: "json", fieldManager: APPLY_MANAGER, signal });
      return true;
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "conflict" || reads === MAX_READS) throw error;
      live = await client.get(name, { signal });
    }
  }
}
