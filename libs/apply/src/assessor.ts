import type { LiveObject, Manifest } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import { systemClock, toToolkitError, type Clock } from "@plumb/std";
import { baselineOf, hashOf, type Baseline, type ObjectKey } from "./baseline.ts";
import type { Baselines } from "./baselines.ts";
import type { ChangeAction } from "./change.ts";
import { differs, judgeDryRun } from "./compare.ts";
import { servedSoon } from "./definitions.ts";
import { exists, placed, type Prepared } from "./desired-object.ts";
import { dryRunError } from "./dry-run-error.ts";
import { LiveObjects } from "./live-objects.ts";
import { migrationPatch, takeOverFor } from "./managers.ts";
import { APPLY_MANAGER, type Owner } from "./owner.ts";
import { endsItself, hasPolicy, isUnmanaged } from "./policy.ts";

export interface AssessorOptions {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly overrideManagers: readonly string[];
  readonly isWatched?: (key: ObjectKey) => boolean;
  readonly clock?: Pick<Clock, "nowMs">;
}

/** The run that objects are assessed for. */
export interface AssessorRun {
  readonly owner: Owner;
  readonly revision: string;
  readonly isObserved?: (object: Manifest) => boolean;
  readonly wasApplied?: boolean;
  readonly isContinued?: boolean;
  /** `group/version/Kind` of what the run itself defines: it may take a moment to be served. */
  readonly definedKinds: ReadonlySet<string>;
  /** Called before a write. */
  readonly checkpoint: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Once in so long even a watched object gets a dry run: defaults and admission change without an event. */
const PROVEN_FOR_MS = 24 * 3_600_000;
/** Part of that time over which objects are spread. */
const SPREAD = 0.25;

/** What the dry run of an object showed. */
export type Assessed =
  | { readonly kind: "done"; readonly item: Prepared; readonly action: ChangeAction }
  | { readonly kind: "write"; readonly item: Prepared; readonly resource: Resource; readonly found: LiveObject };

/** Finds out for each desired object whether it must be written: from what is remembered of it, else by a dry run. */
export class Assessor {
  /** Objects that are otherwise than declared, or gone, and are left so because they are observed. */
  readonly drifted: ObjectKey[] = [];
  readonly #options: AssessorOptions;
  readonly #run: AssessorRun;
  readonly #live: LiveObjects;

  constructor(options: AssessorOptions, run: AssessorRun) {
    this.#options = options;
    this.#run = run;
    this.#live = new LiveObjects(options.client, run.owner);
  }

  /** @throws {ToolkitError} what the dry run was refused for */
  async assess(item: Prepared): Promise<Assessed> {
    const { object, key, desiredHash } = item;
    const { baselines } = this.#options;
    const { signal } = this.#run;
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
    const hasEnded = this.#run.isContinued === true && endsItself(object) && baseline?.desiredHash === desiredHash;
    if (!exists(found)) return hasEnded ? { kind: "done", item, action: "unchanged" } : { kind: "write", item, resource, found };
    if (isUnmanaged(found) || hasPolicy(object, "ssa-if-not-present")) return { kind: "done", item, action: "skipped" };
    if (takeOverFor(object, found, this.#options.overrideManagers) !== undefined) return { kind: "write", item, resource, found };
    const verdict = judgeDryRun(found, baseline);
    if (verdict === "changes") return { kind: "write", item, resource, found };
    const live = verdict === "unchanged" ? found : await this.#live.get(resource, namespace, name, signal);
    if (live === undefined || live.metadata.uid !== found.metadata.uid || differs(live, found)) return { kind: "write", item, resource, found };
    baselines.set(key, baselineOf(live, desiredHash, this.#run.revision, this.#nowMs()));
    return { kind: "done", item, action: "unchanged" };
  }

  /** True for an observed object that is declared as it was when it was written last. */
  #isLeft({ object, desiredHash }: Prepared, baseline: Baseline | undefined): boolean {
    const { isObserved, wasApplied } = this.#run;
    return isObserved?.(object) === true && (baseline === undefined ? wasApplied === true : baseline.desiredHash === desiredHash);
  }

  /** Compares an observed object and leaves it as it is. */
  async #look(item: Prepared, resource: Resource, target: Manifest): Promise<Assessed> {
    const { client, baselines } = this.#options;
    const { signal, revision } = this.#run;
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
    const { signal } = this.#run;
    const name: ObjectName = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
    const dryRun = (): Promise<LiveObject> => client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: true, signal });
    try {
      return await dryRun();
    } catch (thrown) {
      const live = await client.get(name, { signal, metadataOnly: true }).catch(() => undefined);
      if (live !== undefined && isUnmanaged(live)) return undefined;
      const migration = live === undefined ? undefined : migrationPatch(live, target.apiVersion);
      if (migration === undefined) throw dryRunError(target, toToolkitError(thrown));
      await this.#run.checkpoint();
      await client.patch(name, migration, { type: "json", fieldManager: APPLY_MANAGER, signal }).catch(() => {
        throw dryRunError(target, toToolkitError(thrown));
      });
      return dryRun().catch((again: unknown) => {
        throw dryRunError(target, toToolkitError(again));
      });
    }
  }

  /** True for an object that is as our last write left it, for all that is heard of it. */
  #isProven(key: ObjectKey, { provenMs, uid }: Baseline): boolean {
    const { baselines, isWatched } = this.#options;
    if (isWatched?.(key) !== true || !baselines.isClean(key)) return false;
    const share = (Buffer.from(hashOf(uid), "base64url")[0] ?? 0) / 256;
    return this.#nowMs() - provenMs < PROVEN_FOR_MS * (1 - SPREAD * share);
  }

  /** A kind that a definition of this very run brings may take a moment to be served. */
  async #resourceOf(object: Manifest): Promise<Resource> {
    const { client } = this.#options;
    const { signal } = this.#run;
    try {
      return await client.resourceFor(object, signal);
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "missing" || !this.#run.definedKinds.has(`${object.apiVersion}/${object.kind}`)) throw dryRunError(object, error);
      return await servedSoon(client, object, signal);
    }
  }

  #nowMs(): number {
    return (this.#options.clock ?? systemClock).nowMs();
  }
}
