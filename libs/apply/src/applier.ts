import { subjectOf, withOrigin, type DesiredObject, type InventoryEntry, type LiveObject, type Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { reworded, ToolkitError, toToolkitError, type Clock } from "@plumb/std";
import { Assessor, type Assessed } from "./assessor.ts";
import type { ObjectKey } from "./baseline.ts";
import type { Baselines } from "./baselines.ts";
import type { Change, ChangeAction } from "./change.ts";
import { prepared, type Prepared } from "./desired-object.ts";
import { CURRENT_WITHIN_MS, definedKinds, untilCurrent } from "./definitions.ts";
import { inApplyOrder, STAGES, stageOf } from "./order.ts";
import type { Owner } from "./owner.ts";
import { hasPolicy, isEncrypted } from "./policy.ts";
import { writeObject } from "./write-object.ts";
import { withoutSecretValues } from "./without-secret-values.ts";

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
  /** True for a run that goes on waiting for what the one before it applied: a Job that has cleaned itself away since is not made again. */
  readonly isContinued?: boolean;
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

/** Applies desired objects with server-side apply, in stages: all dry runs of a stage, then its writes in order (K-043). */
export class Applier {
  readonly #options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** Never rejects for what concerns the objects; a failure is part of the result. @throws {ToolkitError} what `checkpoint` threw */
  async run(request: ApplyRequest): Promise<ApplyResult> {
    const nothing = { changes: [], inventory: request.inventory, drifted: [] };
    const encrypted = request.objects.find(({ object }) => isEncrypted(object));
    if (encrypted !== undefined) return { ...nothing, failure: encryptedRefused(encrypted) };
    const forced = request.objects.find(({ object }) => hasPolicy(object, "force"));
    if (forced !== undefined) return { ...nothing, failure: forceRefused(forced), failureReason: "FeatureNotSupported" };
    const items = inApplyOrder(request.objects.map((desired) => prepared(desired, request.owner)));
    const planned = items.map(({ entry }) => entry);
    const run = new Run(this.#options, request, united(request.inventory, planned), definedKinds(items.map(({ object }) => object)));
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
  readonly #options: ApplierOptions;
  readonly #request: ApplyRequest;
  readonly #checkpointed: readonly InventoryEntry[];
  readonly #assessor: Assessor;
  #checkpointing: Promise<void> | undefined;

  constructor(options: ApplierOptions, request: ApplyRequest, checkpointed: readonly InventoryEntry[], kinds: ReadonlySet<string>) {
    this.#options = options;
    this.#request = request;
    this.#checkpointed = checkpointed;
    this.#assessor = new Assessor(options, { ...request, definedKinds: kinds, checkpoint: () => this.#checkpoint() });
  }

  get drifted(): readonly ObjectKey[] {
    return this.#assessor.drifted;
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
        const { answer, action } = await writeObject(found, this.#request, this.#options);
        this.#note(found.item, action);
        written.push(answer);
      } catch (thrown) {
        return withOrigin(applyError(found.item.object, toToolkitError(thrown)), found.item.origin);
      }
    }
    if (!mustBeCurrent || written.length === 0) return undefined;
    return untilCurrent(this.#options.client, written, { limitMs: CURRENT_WITHIN_MS, signal: this.#request.signal });
  }

  /** All dry runs of the stage, some at a time; the first failure in order, if any, is the stage's. */
  async #assessAll(items: readonly Prepared[]): Promise<{ readonly assessed: readonly Assessed[]; readonly failure: ToolkitError | undefined }> {
    const results: (Assessed | ToolkitError)[] = [];
    const queue = items.entries();
    const work = async (): Promise<void> => {
      for (const [index, item] of queue) {
        results[index] = await this.#assessor.assess(item).catch((thrown: unknown) => withOrigin(toToolkitError(thrown), item.origin));
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.concurrency, items.length) }, work));
    const failure = results.find((result) => result instanceof ToolkitError);
    return { assessed: results.filter((result) => !(result instanceof ToolkitError)), failure };
  }

  /** Once in a run, before its first write. */
  #checkpoint(): Promise<void> {
    return (this.#checkpointing ??= this.#request.checkpoint(this.#checkpointed));
  }

  #note(item: Prepared, action: ChangeAction): void {
    this.present.push(item.entry);
    this.changes.push({ subject: subjectOf(item.object), entry: item.entry, action });
  }
}

function encryptedRefused({ object, origin }: DesiredObject): ToolkitError {
  const message = `${subjectOf(object)} is SOPS encrypted, configuring decryption is required for this secret to be reconciled`;
  return withOrigin(new ToolkitError("invalid", message), origin);
}

function forceRefused({ object, origin }: DesiredObject): ToolkitError {
  return withOrigin(new ToolkitError("invalid", `${subjectOf(object)}: kustomize.toolkit.fluxcd.io/force is not supported`), origin);
}

/** Everything in either, the stored order first. */
function united(stored: readonly InventoryEntry[], planned: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const ids = new Set(stored.map(({ id }) => id));
  return [...stored, ...planned.filter(({ id }) => !ids.has(id))];
}

function applyError(object: Manifest, error: ToolkitError): ToolkitError {
  return reworded(error, (message) => `${subjectOf(object)} apply failed: ${withoutSecretValues(object, message)}`);
}
