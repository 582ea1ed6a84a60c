import { inventoryEntry, subjectOf, withOrigin, type InventoryEntry, type LiveObject, type Manifest, type Origin } from "@plumb/api";
import type { KubeClient, Resource } from "@plumb/kube";
import { ToolkitError, toToolkitError } from "@plumb/std";
import { baselineOf, hashOf, objectKey, type Baselines } from "./baseline.ts";
import type { Change, ChangeAction } from "./change.ts";
import { dryRunError, namespaceMissing } from "./dry-run-error.ts";
import { definedKinds, untilCurrent } from "./definitions.ts";
import { takeOverPatch } from "./managers.ts";
import { normalised } from "./normalise.ts";
import { inApplyOrder, STAGES, stageOf } from "./order.ts";
import { APPLY_MANAGER, withOwner, type Owner } from "./owner.ts";
import { hasPolicy, isUnmanaged } from "./policy.ts";

/** An object as Git has it, and where it is written there. */
export interface DesiredObject {
  readonly object: Manifest;
  readonly origin?: Origin | undefined;
}

export interface ApplierOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  /** Dry runs of one run at the same time; the flag `--concurrent-ssa`. */
  readonly concurrency: number;
  /** `group/Kind` of `--custom-apply-stage-kinds`. */
  readonly customStageKinds: ReadonlySet<string>;
  /** Prefixes of managers that may own nothing of ours; the flag `--override-manager`. */
  readonly overrideManagers: readonly string[];
}

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
  readonly signal: AbortSignal;
}

/** What came of a run, complete or not. */
export interface ApplyResult {
  /** In order of application; of a stage that failed only what was written. */
  readonly changes: readonly Change[];
  /** What is to be stored in status: exactly the desired objects, or after a failure what may exist. */
  readonly inventory: readonly InventoryEntry[];
  readonly failure: ToolkitError | undefined;
}

/** One desired object, prepared. */
interface Item extends DesiredObject {
  readonly key: string;
  readonly entry: InventoryEntry;
  readonly desiredHash: string;
}

/** What the dry run of an object showed. */
type Assessed =
  | { readonly kind: "done"; readonly item: Item; readonly action: ChangeAction }
  | { readonly kind: "write"; readonly item: Item; readonly resource: Resource; readonly found: LiveObject };

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
    const staged = new Map(STAGES.map((stage) => [stage, items.filter(({ object }) => stageOf(object, this.#options.customStageKinds) === stage)]));
    for (const [stage, members] of staged) {
      const failure = await run.stage(members, stage === "definitions" || stage === "classes");
      if (failure !== undefined) return { changes: run.changes, inventory: united(request.inventory, run.present), failure };
    }
    return { changes: run.changes, inventory: planned, failure: undefined };
  }
}

class Run {
  readonly changes: Change[] = [];
  /** Entries of objects that are there for certain and ours. */
  readonly present: InventoryEntry[] = [];
  readonly #options: ApplierOptions;
  readonly #request: ApplyRequest;
  readonly #checkpointed: readonly InventoryEntry[];
  readonly #definedKinds: ReadonlySet<string>;
  #mayWrite = false;

  constructor(options: ApplierOptions, request: ApplyRequest, checkpointed: readonly InventoryEntry[], kinds: ReadonlySet<string>) {
    this.#options = options;
    this.#request = request;
    this.#checkpointed = checkpointed;
    this.#definedKinds = kinds;
  }

  /** Runs one stage; returns the failure that ends the run. */
  async stage(items: readonly Item[], mustBeCurrent: boolean): Promise<ToolkitError | undefined> {
    const { assessed, failure } = await this.#assessAll(items);
    if (failure !== undefined) return failure;
    const written: LiveObject[] = [];
    for (const found of assessed) {
      if (found.kind === "done") {
        this.#note(found.item, found.action);
        continue;
      }
      if (!this.#mayWrite) await this.#request.checkpoint(this.#checkpointed);
      this.#mayWrite = true;
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
  async #assessAll(items: readonly Item[]): Promise<{ readonly assessed: readonly Assessed[]; readonly failure: ToolkitError | undefined }> {
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

  async #assess(item: Item): Promise<Assessed> {
    const { object, key, desiredHash } = item;
    const { baselines, client } = this.#options;
    const { signal } = this.#request;
    if (hasPolicy(object, "force")) throw new ToolkitError("invalid", `${subjectOf(object)}: the annotation kustomize.toolkit.fluxcd.io/force is not supported`);
    if (isUnmanaged(object)) return { kind: "done", item, action: "skipped" };
    const baseline = baselines.get(key);
    if (baselines.isClean(key) && baseline?.desiredHash === desiredHash) return { kind: "done", item, action: "unchanged" };
    const resource = await this.#resourceOf(object);
    const target = placed(object, resource);
    let found: LiveObject;
    try {
      found = await client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: true, signal });
    } catch (thrown) {
      const live = await client.get({ resource, namespace: target.metadata.namespace, name: target.metadata.name }, { signal, metadataOnly: true }).catch(() => undefined);
      if (live !== undefined && isUnmanaged(live)) return { kind: "done", item, action: "skipped" };
      throw dryRunError(object, toToolkitError(thrown));
    }
    const isThere = exists(found);
    if (isThere && (isUnmanaged(found) || hasPolicy(object, "ssa-if-not-present"))) return { kind: "done", item, action: "skipped" };
    const isUntouched = isThere && baseline?.resourceVersion === found.metadata.resourceVersion && baseline.desiredHash === desiredHash;
    if (!isUntouched) return { kind: "write", item, resource, found };
    baselines.set(key, baseline);
    return { kind: "done", item, action: "unchanged" };
  }

  async #write(item: Item, resource: Resource, found: LiveObject): Promise<LiveObject> {
    const { client, overrideManagers } = this.#options;
    const { signal } = this.#request;
    const target = placed(item.object, resource);
    const name = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
    const keepsManagers = hasPolicy(item.object, "ssa-merge") || hasPolicy(found, "ssa-merge");
    const live = !exists(found) || keepsManagers ? undefined : await this.#foreignlyManaged(found, name);
    const takeOver = live === undefined ? undefined : takeOverPatch(live, overrideManagers);
    if (takeOver !== undefined) await client.patch(name, takeOver, { type: "json", fieldManager: APPLY_MANAGER, signal });
    let answer = await client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: false, signal });
    const leftBehind = keepsManagers ? undefined : takeOverPatch(answer, overrideManagers);
    if (leftBehind !== undefined) {
      await client.patch(name, leftBehind, { type: "json", fieldManager: APPLY_MANAGER, signal });
      answer = await client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: false, signal });
    }
    this.#options.baselines.set(item.key, baselineOf(answer, item.desiredHash, this.#request.revision));
    const isSame = exists(found) && found.metadata.resourceVersion === answer.metadata.resourceVersion;
    this.#note(item, exists(found) ? (isSame ? "unchanged" : "configured") : "created");
    return answer;
  }

  /** The object as it is, read only when its dry run shows somebody to take over from. */
  #foreignlyManaged(found: LiveObject, name: { resource: Resource; namespace: string | undefined; name: string }): Promise<LiveObject | undefined> {
    const { client, overrideManagers } = this.#options;
    if (takeOverPatch(found, overrideManagers) === undefined) return Promise.resolve(undefined);
    return client.get(name, { signal: this.#request.signal });
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

  #note(item: Item, action: ChangeAction): void {
    this.present.push(item.entry);
    this.changes.push({ subject: subjectOf(item.object), entry: item.entry, action });
  }
}

function prepared(desired: DesiredObject, owner: Owner): Item {
  const object = normalised(withOwner(desired.object, owner));
  return { object, origin: desired.origin, key: objectKey(object), entry: inventoryEntry(object), desiredHash: hashOf(object) };
}

/** The object where its kind lives. @throws {ToolkitError} `invalid` for a namespaced one that names no namespace */
function placed(object: Manifest, { isNamespaced }: Resource): Manifest {
  const { namespace, ...metadata } = object.metadata;
  // why: only the optional namespace was taken away
  if (!isNamespaced) return { ...object, metadata: metadata as Manifest["metadata"] };
  if (namespace === undefined || namespace === "") throw namespaceMissing(object);
  return object;
}

/** A dry run of an absent object answers without a version. */
function exists({ metadata }: LiveObject): boolean {
  return (metadata.resourceVersion ?? "") !== "";
}

/** Everything in either, the stored order first. */
export function united(stored: readonly InventoryEntry[], planned: readonly InventoryEntry[]): readonly InventoryEntry[] {
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
