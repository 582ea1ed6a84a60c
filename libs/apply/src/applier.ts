import { subjectOf, withOrigin, type InventoryEntry, type LiveObject, type Manifest } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import { systemClock, ToolkitError, toToolkitError, type Clock, type JsonObject } from "@plumb/std";
import { baselineOf, hashOf, type Baseline, type ObjectKey } from "./baseline.ts";
import type { Baselines } from "./baselines.ts";
import type { Change, ChangeAction } from "./change.ts";
import { differs, judgeDryRun } from "./compare.ts";
import { placed, prepared, type DesiredObject, type Prepared } from "./desired-object.ts";
import { dryRunError } from "./dry-run-error.ts";
import { definedKinds, untilCurrent } from "./definitions.ts";
import { LiveObjects } from "./live-objects.ts";
import { migrationPatch, takeOverPatch } from "./managers.ts";
import { inApplyOrder, STAGES, stageOf } from "./order.ts";
import { APPLY_MANAGER, type Owner } from "./owner.ts";
import { hasPolicy, isUnmanaged } from "./policy.ts";

export interface ApplierOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  /** Dry runs of one run at the same time; the flag `--concurrent-ssa`. */
  readonly concurrency: number;
  /** `group/Kind` of `--custom-apply-stage-kinds`. */
  readonly customStageKinds: ReadonlySet<string>;
  /** Prefixes of managers that may own nothing of ours; the flag `--override-manager`. */
  readonly overrideManagers: readonly string[];
  /** True for an object whose changes are heard of. One that is not gets a dry run in every run; without it, all of them. */
  readonly isWatched?: (key: ObjectKey) => boolean;
  readonly clock?: Pick<Clock, "nowMs">;
}

/** Once in so long even a watched object gets a dry run: defaults and admission change without an event. */
const PROVEN_FOR_MS = 24 * 3_600_000;
/** Times an object is read again because it moved between the read and the patch. */
const MAX_READS = 5;
/** Part of that time over which objects are spread. */
const SPREAD = 0.25;

export interface ApplyRequest {
  readonly owner: Owner;
  readonly objects: readonly DesiredObject[];
  /** What is stored in status now. */
  readonly inventory: readonly InventoryEntry[];
  readonly revision: string;
  /**
   * Called once, before the first write, with everything that may exist from then on. When it rejects nothing is written.
   * Not called when nothing is written.
   */
  readonly checkpoint: (inventory: readonly InventoryEntry[]) => Promise<void>;
  /**
   * True for an object that is written only when it is declared otherwise than it was, and whole then (`plumb.dev/drift:
   * observe`); without it, for none.
   */
  readonly isObserved?: (object: Manifest) => boolean;
  /** True when the cluster is known to have been brought to exactly these objects by the run before, in whatever process. */
  readonly wasApplied?: boolean;
  readonly signal: AbortSignal;
}

/** What came of a run, complete or not. */
export interface ApplyResult {
  /** In order of application; of a stage that failed only what was written. */
  readonly changes: readonly Change[];
  /** What is to be stored in status: exactly the desired objects, or after a failure what may exist. */
  readonly inventory: readonly InventoryEntry[];
  readonly failure: ToolkitError | undefined;
  /** Objects that are otherwise than declared, or gone, and were left so because they are observed. */
  readonly drifted: readonly ObjectKey[];
  /** Why it failed, where that is neither the cluster's nor the manifests' doing. */
  readonly failureReason?: "FeatureNotSupported" | undefined;
}

/** What the dry run of an object showed. */
type Assessed =
  | { readonly kind: "done"; readonly item: Prepared; readonly action: ChangeAction }
  | { readonly kind: "write"; readonly item: Prepared; readonly resource: Resource; readonly found: LiveObject };

/** Applies desired objects with server-side apply, in stages: all dry runs of a stage, then its writes in order (K-043). */
export class Applier {
  readonly #options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Never rejects for what concerns the objects; a failure is part of the result. @throws {ToolkitError} what `checkpoint` threw */
  async run(request: ApplyRequest): Promise<ApplyResult> {
    const items = inApplyOrder(request.objects.map((desired) => prepared(desired, request.owner)));
    const planned = items.map(({ entry }) => entry);
    const run = new Run(this.#options, request, united(request.inventory, planned), definedKinds(items.map(({ object }) => object)));
    const forced = items.find(({ object }) => hasPolicy(object, "force"));
    if (forced !== undefined)
      return { changes: [], inventory: request.inventory, drifted: [], failure: forceRefused(forced), failureReason: "FeatureNotSupported" };
    const staged = new Map(STAGES.map((stage) => [stage, items.filter(({ object }) => stageOf(object, this.#options.customStageKinds) === stage)]));
    for (const [stage, members] of staged) {
      const failure = await run.stage(members, stage === "definitions" || stage === "classes");
      if (failure !== undefined) return { changes: run.changes, inventory: united(request.inventory, run.present), drifted: run.drifted, failure };
    }
    return { changes: run.changes, inventory: planned, drifted: run.drifted, failure: undefined };
  }
}

class Run {
  readonly changes: Change[] = [];
  /** Entries of objects that are there for certain and ours. */
  readonly present: InventoryEntry[] = [];
  readonly drifted: ObjectKey[] = [];
  readonly #options: ApplierOptions;
  readonly #request: ApplyRequest;
  readonly #checkpointed: readonly InventoryEntry[];
  readonly #definedKinds: ReadonlySet<string>;
  readonly #live: LiveObjects;
  #checkpointing: Promise<void> | undefined;

  constructor(options: ApplierOptions, request: ApplyRequest, checkpointed: readonly InventoryEntry[], kinds: ReadonlySet<string>) {
    this.#options = options;
    this.#request = request;
    this.#checkpointed = checkpointed;
    this.#definedKinds = kinds;
    this.#live = new LiveObjects(options.client, request.owner);
  }

  /** Runs one stage; returns the failure that ends the run. */
  async stage(items: readonly Prepared[], mustBeCurrent: boolean): Promise<ToolkitError | undefined> {
    const { assessed, failure } = await this.#assessAll(items);
    if (failure !== undefined) return failure;
    const written: LiveObject[] = [];
    for (const found of assessed) {
      if (found.kind === "done") {
        this.#note(found.item, found.action);
        continue;
      }
      await this.#checkpoint();
      try {
        written.push(await this.#write(found.item, found.resource, found.found));
      } catch (thrown) {
        return withOrigin(applyError(found.item.object, toToolkitError(thrown)), found.item.origin);
      }
    }
    if (!mustBeCurrent || written.length === 0) return undefined;
    return untilCurrent(this.#options.client, written, this.#request.signal);
  }

  /** All dry runs of the stage, some at a time; the first failure in order, if any, is the stage's. */
  async #assessAll(items: readonly Prepared[]): Promise<{ readonly assessed: readonly Assessed[]; readonly failure: ToolkitError | undefined }> {
    const results: (Assessed | ToolkitError)[] = [];
    const queue = items.entries();
    const work = async (): Promise<void> => {
      for (const [index, item] of queue) {
        results[index] = await this.#assess(item).catch((thrown: unknown) => withOrigin(toToolkitError(thrown), item.origin));
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.concurrency, items.length) }, work));
    const failure = results.find((result) => result instanceof ToolkitError);
    return { assessed: results.filter((result) => !(result instanceof ToolkitError)), failure };
  }

  async #assess(item: Prepared): Promise<Assessed> {
    const { object, key, desiredHash } = item;
    const { baselines } = this.#options;
    const { signal } = this.#request;
    if (isUnmanaged(object)) return { kind: "done", item, action: "skipped" };
    const baseline = baselines.get(key);
    if (baseline?.desiredHash === desiredHash && this.#isProven(key, baseline)) return { kind: "done", item, action: "unchanged" };
    const resource = await this.#resourceOf(object);
    const target = placed(object, resource);
    const { namespace, name } = target.metadata;
    if (baseline === undefined) this.#live.expect(resource, namespace);
    if (this.#isLeft(item, baseline)) return this.#look(item, resource, target);
    const found = await this.#dryRun(resource, target);
    if (found === undefined) return { kind: "done", item, action: "skipped" };
    if (!exists(found)) return { kind: "write", item, resource, found };
    if (isUnmanaged(found) || hasPolicy(object, "ssa-if-not-present")) return { kind: "done", item, action: "skipped" };
    if (this.#takeOver(object, found) !== undefined) return { kind: "write", item, resource, found };
    const verdict = judgeDryRun(found, baseline);
    if (verdict === "changes") return { kind: "write", item, resource, found };
    const live = verdict === "unchanged" ? found : await this.#live.get(resource, namespace, name, signal);
    if (live === undefined || live.metadata.uid !== found.metadata.uid || differs(live, found)) return { kind: "write", item, resource, found };
    baselines.set(key, baselineOf(live, desiredHash, this.#request.revision, this.#nowMs()));
    return { kind: "done", item, action: "unchanged" };
  }

  /** True for an observed object that is declared as it was when it was written last. */
  #isLeft({ object, desiredHash }: Prepared, baseline: Baseline | undefined): boolean {
    const { isObserved, wasApplied } = this.#request;
    return isObserved?.(object) === true && (baseline === undefined ? wasApplied === true : baseline.desiredHash === desiredHash);
  }

  /** Compares an observed object and leaves it as it is. */
  async #look(item: Prepared, resource: Resource, target: Manifest): Promise<Assessed> {
    const { client, baselines } = this.#options;
    const { signal, revision } = this.#request;
    const { namespace, name } = target.metadata;
    const live = await client.get({ resource, namespace, name }, { signal });
    if (live !== undefined && isUnmanaged(live)) return { kind: "done", item, action: "skipped" };
    const dry = live === undefined ? undefined : await this.#dryRun(resource, target);
    if (dry === undefined || live?.metadata.uid !== dry.metadata.uid || differs(live, dry)) {
      this.drifted.push(item.key);
      // why: as a write of ours would have left it, so that its end is noticed; of no version that it ever had
      if (dry !== undefined) baselines.set(item.key, { ...baselineOf(dry, item.desiredHash, revision, this.#nowMs()), resourceVersion: "0" });
      baselines.doubt(item.key);
    } else baselines.set(item.key, baselineOf(live, item.desiredHash, revision, this.#nowMs()));
    return { kind: "done", item, action: "unchanged" };
  }

  /** undefined where the dry run fails and the object in the cluster says that it is none of our business. */
  async #dryRun(resource: Resource, target: Manifest): Promise<LiveObject | undefined> {
    const { client } = this.#options;
    const { signal } = this.#request;
    const name: ObjectName = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
    const dryRun = (): Promise<LiveObject> => client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: true, signal });
    try {
      return await dryRun();
    } catch (thrown) {
      const live = await client.get(name, { signal, metadataOnly: true }).catch(() => undefined);
      if (live !== undefined && isUnmanaged(live)) return undefined;
      const migration = live === undefined ? undefined : migrationPatch(live, target.apiVersion);
      if (migration === undefined) throw dryRunError(target, toToolkitError(thrown));
      await this.#checkpoint();
      await client.patch(name, migration, { type: "json", fieldManager: APPLY_MANAGER, signal }).catch(() => {
        throw dryRunError(target, toToolkitError(thrown));
      });
      return dryRun().catch((again: unknown) => {
        throw dryRunError(target, toToolkitError(again));
      });
    }
  }

  /** Once in a run, before its first write. */
  #checkpoint(): Promise<void> {
    return (this.#checkpointing ??= this.#request.checkpoint(this.#checkpointed));
  }

  /** True for an object that is as our last write left it, for all that is heard of it. */
  #isProven(key: ObjectKey, { provenMs, uid }: Baseline): boolean {
    const { baselines, isWatched } = this.#options;
    if (isWatched?.(key) !== true || !baselines.isClean(key)) return false;
    const share = (Buffer.from(hashOf(uid), "base64url")[0] ?? 0) / 256;
    return this.#nowMs() - provenMs < PROVEN_FOR_MS * (1 - SPREAD * share);
  }

  #nowMs(): number {
    return (this.#options.clock ?? systemClock).nowMs();
  }

  /** What is to be taken over from others; nothing where the object says that all may write it. */
  #takeOver(object: Manifest, live: LiveObject): readonly JsonObject[] | undefined {
    if (hasPolicy(object, "ssa-merge") || hasPolicy(live, "ssa-merge")) return undefined;
    return takeOverPatch(live, this.#options.overrideManagers);
  }

  #write(item: Prepared, resource: Resource, found: LiveObject): Promise<LiveObject> {
    return this.#options.baselines.writing(item.key, () => this.#writeNow(item, resource, found));
  }

  async #writeNow(item: Prepared, resource: Resource, found: LiveObject): Promise<LiveObject> {
    const { client, baselines } = this.#options;
    const { signal } = this.#request;
    const target = placed(item.object, resource);
    const name: ObjectName = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
    const apply = (): Promise<LiveObject> => client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: false, signal });
    // why: a dry run shows whom there is to take over from, but their fields only as they would be after it
    if (exists(found) && this.#takeOver(item.object, found) !== undefined) await this.#takeOverNow(item.object, name, await client.get(name, { signal }));
    let answer = await apply();
    // why: where managed fields had been wiped, the apply itself has brought a co-owner up (before-first-apply)
    if (await this.#takeOverNow(item.object, name, answer)) answer = await apply();
    baselines.set(item.key, baselineOf(answer, item.desiredHash, this.#request.revision, this.#nowMs()));
    const isSame = exists(found) && found.metadata.resourceVersion === answer.metadata.resourceVersion;
    this.#note(item, exists(found) ? (isSame ? "unchanged" : "configured") : "created");
    return answer;
  }

  /** Takes over what is to be taken over from the object as it was read, or as it is when it has moved since; false for nothing. */
  async #takeOverNow(object: Manifest, name: ObjectName, seen: LiveObject | undefined): Promise<boolean> {
    const { client } = this.#options;
    const { signal } = this.#request;
    let live = seen;
    for (let reads = 1; ; reads++) {
      const patch = live === undefined ? undefined : this.#takeOver(object, live);
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

  /** A kind that a definition of this very run brings may take a moment to be served. */
  async #resourceOf(object: Manifest): Promise<Resource> {
    const { client } = this.#options;
    const { signal } = this.#request;
    try {
      return await client.resourceFor(object, signal);
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "missing" || !this.#definedKinds.has(`${object.apiVersion}/${object.kind}`)) throw dryRunError(object, error);
      return await servedSoon(client, object, signal);
    }
  }

  #note(item: Prepared, action: ChangeAction): void {
    this.present.push(item.entry);
    this.changes.push({ subject: subjectOf(item.object), entry: item.entry, action });
  }
}

function forceRefused({ object, origin }: Prepared): ToolkitError {
  return withOrigin(new ToolkitError("invalid", `${subjectOf(object)}: kustomize.toolkit.fluxcd.io/force is not supported`), origin);
}

/** A dry run of an absent object answers without a version. */
function exists({ metadata }: LiveObject): boolean {
  return (metadata.resourceVersion ?? "") !== "";
}

/** Everything in either, the stored order first. */
function united(stored: readonly InventoryEntry[], planned: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const ids = new Set(stored.map(({ id }) => id));
  return [...stored, ...planned.filter(({ id }) => !ids.has(id))];
}

function applyError(object: Manifest, error: ToolkitError): ToolkitError {
  return new ToolkitError(error.kind, `${subjectOf(object)} apply failed: ${error.message}`, { cause: error, retryAfterMs: error.retryAfterMs });
}

/** Milliseconds for a new kind to be served after its definition was established. */
const SERVED_WITHIN_MS = 10_000;

async function servedSoon(client: KubeClient, object: Manifest, signal: AbortSignal): Promise<Resource> {
  const limit = AbortSignal.timeout(SERVED_WITHIN_MS);
  for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 1000)) {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    signal.throwIfAborted();
    try {
      return await client.resourceFor(object, signal);
    } catch (thrown) {
      if (limit.aborted) throw dryRunError(object, toToolkitError(thrown));
    }
  }
}
