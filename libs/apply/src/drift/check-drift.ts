import { subjectOf, withOrigin, type DesiredObject, type LiveObject, type Manifest } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import { reworded, toToolkitError, type ToolkitError } from "@plumb/std";
import { placed, prepared, type Prepared } from "../desired-object.ts";
import { baselineOf, hashOf, ownershipOf, valuesHash, type ObjectKey } from "../baseline.ts";
import type { Baselines } from "../baselines.ts";
import { takeOverFor } from "../managers.ts";
import { APPLY_MANAGER, isOwnedBy, ownerOf, type Owner } from "../owner.ts";
import { endsItself, hasPolicy, isUnmanaged } from "../policy.ts";
import { withoutSecretValues } from "../without-secret-values.ts";
import { explainDrift, type FieldChange } from "./explain-drift.ts";

export interface DriftCheckRequest {
  readonly client: KubeClient;
  readonly baselines: Baselines;
  readonly owner: Owner;
  /** The object as the applied revision has it. */
  readonly desired: DesiredObject;
  /** The revision that is applied. */
  readonly revision: string;
  /** True for an object that came encrypted: none of its values is told. */
  readonly isSensitive: boolean;
  /** `observe` reports and leaves it. */
  readonly mode: "enforce" | "observe";
  readonly overrideManagers: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Told of drift before it is corrected; when it rejects, nothing is corrected. */
  readonly onDrift: (drift: Drift) => Promise<void>;
  /** Asked once more just before a write: false where the policy is another than when the look began. */
  readonly mayWrite: () => boolean;
  readonly signal: AbortSignal;
}

/** An object that is not as it was applied. */
export interface Drift {
  /** The same for one drift of one object, however often it is looked at; another after each write of ours. */
  readonly id: string;
  readonly key: ObjectKey;
  /** `Kind/ns/name`. */
  readonly subject: string;
  readonly what: "changed" | "deleted" | "recreated";
  /** Empty for an object that is gone. */
  readonly changes: readonly FieldChange[];
  /** Whom the server names, sorted; `unknown` where it names nobody. */
  readonly managers: readonly string[];
  readonly detectedMs: number;
}

export type DriftOutcome =
  /** As it was applied; `isUntidy` when somebody has added what the next run takes away. */
  | { readonly kind: "clean"; readonly isUntidy: boolean }
  /** The values are right and were ours no more: applied again, nothing to tell. */
  | { readonly kind: "reowned" }
  | { readonly kind: "exempt"; readonly because: "deleting" | "ended" | "unmanaged" }
  /** Declared otherwise by a run meanwhile, deleted by it, or not to be written any more: nothing was, and it is to be looked at anew. */
  | { readonly kind: "superseded" }
  /** Another applier's labels are on it: no drift, and nothing to do until a commit or an interval. */
  | { readonly kind: "claimed"; readonly by: Owner }
  | { readonly kind: "observed"; readonly drift: Drift }
  | { readonly kind: "corrected"; readonly drift: Drift; readonly correctedMs: number }
  | { readonly kind: "failed"; readonly drift: Drift | undefined; readonly error: ToolkitError };

/**
 * Looks at one object that rang: one GET where its values are as our own write left them; else a dry run that names what
 * differs, and, with `enforce`, an apply that holds for this very object alone. Never rejects.
 */
export async function checkDrift(request: DriftCheckRequest): Promise<DriftOutcome> {
  const item = prepared(request.desired, request.owner);
  let drift: Drift | undefined;
  try {
    return await new DriftCheck(request, item, (found) => (drift = found)).run();
  } catch (thrown) {
    const error = toToolkitError(thrown);
    const named = error.message.includes(subjectOf(item.object))
      ? error
      : reworded(error, (message) => `${subjectOf(item.object)} drift check failed: ${withoutSecretValues(item.object, message)}`);
    return { kind: "failed", drift, error: withOrigin(named, item.origin) };
  }
}

class DriftCheck {
  readonly #request: DriftCheckRequest;
  readonly #item: Prepared;
  readonly #found: (drift: Drift) => void;
  /** Hash of what was sent last when the check began. */
  readonly #sent: string | undefined;

  constructor(request: DriftCheckRequest, item: Prepared, found: (drift: Drift) => void) {
    this.#request = request;
    this.#sent = request.baselines.get(item.key)?.desiredHash;
    this.#item = item;
    this.#found = found;
  }

  async run(): Promise<DriftOutcome> {
    const { client, owner, signal } = this.#request;
    const { object } = this.#item;
    if (isUnmanaged(object) || hasPolicy(object, "ssa-if-not-present")) return { kind: "exempt", because: "unmanaged" };
    const resource = await client.resourceFor(object, signal);
    const target = placed(object, resource);
    const name: ObjectName = { resource, namespace: target.metadata.namespace, name: target.metadata.name };
    const live = await client.get(name, { signal });
    if (live === undefined) {
      if (endsItself(object)) return { kind: "exempt", because: "ended" };
      return this.#respond(resource, target, this.#driftOf("deleted", []), undefined);
    }
    const exempt = exemption(live, owner);
    if (exempt !== undefined) return exempt;
    if (this.#isAsLeft(live)) return this.#settle(live);
    return this.#compare(resource, target, live);
  }

  /** True when the fields are ours and have the values that our own write returned. */
  #isAsLeft(live: LiveObject): boolean {
    const baseline = this.#request.baselines.get(this.#item.key);
    if (baseline === undefined || baseline.uid !== live.metadata.uid || baseline.desiredHash !== this.#item.desiredHash) return false;
    return ownershipOf(live).fieldsHash === baseline.fieldsHash && valuesHash(live) === baseline.valuesHash;
  }

  async #compare(resource: Resource, target: Manifest, live: LiveObject): Promise<DriftOutcome> {
    const { client, isSensitive, signal } = this.#request;
    const dry = await client.apply(resource, target, { fieldManager: APPLY_MANAGER, force: true, dryRun: true, signal });
    const changes = explainDrift(live, dry, isSensitive);
    if (changes.length === 0) {
      if (this.#request.mode === "observe" || ownershipOf(live).fieldsHash === ownershipOf(dry).fieldsHash) return this.#settle(live);
      return (await this.#apply(resource, target, live)) ? { kind: "reowned" } : { kind: "superseded" };
    }
    const knownUid = this.#request.baselines.get(this.#item.key)?.uid;
    const what = knownUid !== undefined && knownUid !== live.metadata.uid ? "recreated" : "changed";
    return this.#respond(resource, target, this.#driftOf(what, changes), live);
  }

  async #respond(resource: Resource, target: Manifest, drift: Drift, live: LiveObject | undefined): Promise<DriftOutcome> {
    const { mode, onDrift, nowMs } = this.#request;
    this.#found(drift);
    await onDrift(drift);
    if (mode === "observe") return { kind: "observed", drift };
    return (await this.#apply(resource, target, live)) ? { kind: "corrected", drift, correctedMs: nowMs() } : { kind: "superseded" };
  }

  /**
   * The uid makes sure that an object which was created again meanwhile is not taken for the one that was looked at. False,
   * and nothing is written, where a run has been at the object since the check began, or the policy has changed.
   */
  #apply(resource: Resource, target: Manifest, live: LiveObject | undefined): Promise<boolean> {
    const { client, baselines, mayWrite, revision, signal } = this.#request;
    const { key, desiredHash } = this.#item;
    const guarded = live === undefined ? target : { ...target, metadata: { ...target.metadata, uid: live.metadata.uid } };
    return baselines.writing(key, async () => {
      if (!mayWrite() || baselines.get(key)?.desiredHash !== this.#sent) return false;
      const answer = await client.apply(resource, guarded, { fieldManager: APPLY_MANAGER, force: true, dryRun: false, signal });
      baselines.set(key, baselineOf(answer, desiredHash, revision, this.#request.nowMs()));
      this.#doubtUntidy(answer);
      return true;
    });
  }

  #settle(live: LiveObject): DriftOutcome {
    const { baselines, revision } = this.#request;
    const { key, desiredHash } = this.#item;
    baselines.set(key, baselineOf(live, desiredHash, revision, this.#request.nowMs()));
    return { kind: "clean", isUntidy: this.#doubtUntidy(live) };
  }

  /** What hands have added is left until the next run, so that `kubectl rollout restart` does its work first. */
  #doubtUntidy(live: LiveObject): boolean {
    const isUntidy = takeOverFor(this.#item.object, live, this.#request.overrideManagers) !== undefined;
    if (isUntidy) this.#request.baselines.doubt(this.#item.key);
    return isUntidy;
  }

  #driftOf(what: Drift["what"], changes: readonly FieldChange[]): Drift {
    const { object, key } = this.#item;
    const managers = changes.length === 0 ? ["unknown"] : [...new Set(changes.map(({ manager }) => manager))].sort();
    // why: each write of ours starts a new time, so that a second drift of the same field is told like the first
    const id = hashOf([key, this.#request.baselines.get(key)?.resourceVersion ?? this.#request.revision]).slice(0, 12);
    return { id, key, subject: subjectOf(object), what, changes, managers, detectedMs: this.#request.nowMs() };
  }
}

/** What is no drift whatever its values. */
function exemption(live: LiveObject, owner: Owner): DriftOutcome | undefined {
  if (live.metadata.deletionTimestamp !== undefined) return { kind: "exempt", because: "deleting" };
  if (isUnmanaged(live)) return { kind: "exempt", because: "unmanaged" };
  const other = ownerOf(live);
  return other === undefined || isOwnedBy(live, owner) ? undefined : { kind: "claimed", by: other };
}
