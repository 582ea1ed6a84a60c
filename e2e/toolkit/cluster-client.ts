import { randomUUID } from "node:crypto";
import { REQUESTED_AT_ANNOTATION, type LiveObject, type Manifest } from "@plumb/api";
import { createKubeClient, readKubeconfig, type KubeAccess, type KubeConnection, type ObjectName } from "@plumb/kube";
import { isObject, toToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { until } from "./until.ts";

/** Which object, in words that discovery turns into a URL. */
export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

const MANAGER = "journey";

/** A cluster as a person with kubectl has it. */
export class ClusterClient implements Disposable {
  readonly access: KubeAccess;
  readonly kube: KubeConnection;
  readonly #signal = new AbortController().signal;

  private constructor(access: KubeAccess) {
    this.access = access;
    this.kube = createKubeClient({ access, userAgent: MANAGER });
  }

  static async connect(kubeconfig: string): Promise<ClusterClient> {
    return new ClusterClient((await readKubeconfig(kubeconfig, { allowsInsecureTls: true })).access);
  }

  async get(target: Target): Promise<LiveObject | undefined> {
    return this.kube.get(await this.#nameOf(target), { signal: this.#signal });
  }

  async list(target: Omit<Target, "name">, labelSelector?: string): Promise<readonly LiveObject[]> {
    const resource = await this.kube.resourceFor(target, this.#signal);
    return (await this.kube.list(resource, { namespace: target.namespace, signal: this.#signal, ...(labelSelector !== undefined && { labelSelector }) })).items;
  }

  /** Applies the objects in order, waiting for kinds that are not served yet. */
  async apply(...objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) {
      const resource = await until(`the kind ${object.kind} served`, () => this.kube.resourceFor(object, this.#signal).catch(() => undefined));
      await this.kube.apply(resource, object, { fieldManager: MANAGER, force: true, dryRun: false, signal: this.#signal });
    }
  }

  /** Edits as `kubectl edit` does: a merge patch under that manager. */
  async edit(target: Target, patch: JsonObject, manager = "kubectl-edit"): Promise<LiveObject> {
    return this.kube.patch(await this.#nameOf(target), patch, { type: "merge", fieldManager: manager, signal: this.#signal });
  }

  /** Asks for a reconcile as `flux reconcile` does. Resolves to what `status.lastHandledReconcileAt` is when it is done. */
  async requestReconcile(target: Target): Promise<string> {
    const token = randomUUID();
    await this.edit(target, { metadata: { annotations: { [REQUESTED_AT_ANNOTATION]: token } } }, "flux");
    return token;
  }

  async delete(target: Target): Promise<void> {
    try {
      await this.kube.delete(await this.#nameOf(target), { propagation: "Background", signal: this.#signal });
    } catch (thrown) {
      if (toToolkitError(thrown).kind !== "missing") throw thrown;
    }
  }

  /** Waits until the object is as wanted; a failure tells how it was last. */
  async untilObject(what: string, target: Target, isWanted: (object: LiveObject) => boolean): Promise<LiveObject> {
    let last: LiveObject | undefined;
    return until(
      what,
      async () => {
        last = await this.get(target);
        return last !== undefined && isWanted(last) ? last : undefined;
      },
      () => JSON.stringify({ spec: last?.["spec"], status: last?.["status"], data: last?.["data"] }),
    );
  }

  /** Resolves to every state of the object that comes after this call, until `signal` aborts. */
  async statesOf(target: Target, signal: AbortSignal): Promise<AsyncGenerator<LiveObject, void>> {
    const name = await this.#nameOf(target);
    const fieldSelector = `metadata.name=${name.name}`;
    const { resourceVersion } = await this.kube.list(name.resource, { namespace: name.namespace, fieldSelector, signal: this.#signal });
    return this.#watched(name, { fieldSelector, resourceVersion, signal });
  }

  async *#watched(
    { resource, namespace }: ObjectName,
    options: { readonly fieldSelector: string; readonly resourceVersion: string; readonly signal: AbortSignal },
  ): AsyncGenerator<LiveObject, void> {
    try {
      for await (const event of this.kube.watch(resource, { namespace, ...options })) if (event.kind === "put") yield event.item;
    } catch (thrown) {
      if (!options.signal.aborted) throw thrown;
    }
  }

  async untilGone(target: Target): Promise<void> {
    await until(`${target.kind} ${target.name} gone`, async () => ((await this.get(target)) === undefined ? true : undefined));
  }

  [Symbol.dispose](): void {
    this.kube.close();
  }

  async #nameOf(target: Target): Promise<ObjectName> {
    return { resource: await this.kube.resourceFor(target, this.#signal), namespace: target.namespace, name: target.name };
  }
}

/** The value at a path of keys and indexes; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): JsonValue | undefined {
  let here: unknown = value;
  for (const key of path) {
    if (Array.isArray(here) && typeof key === "number") here = here[key];
    else here = isObject(here) ? here[key] : undefined;
  }
  // why: what comes out of an API object is JSON
  return here as JsonValue | undefined;
}

/** A condition of the object, by type. */
export function conditionOf(object: LiveObject | undefined, type: string): JsonObject | undefined {
  const conditions = at(object, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  // why: the API server holds conditions to their schema
  return conditions.find((condition) => isObject(condition) && condition["type"] === type) as JsonObject | undefined;
}

/** True where the condition Ready is. */
export function isReady(object: LiveObject | undefined): boolean {
  return conditionOf(object, "Ready")?.["status"] === "True";
}

/** True for a Kustomization that is ready with the revision. */
export function isReadyAt(object: LiveObject, revision: string): boolean {
  return isReady(object) && at(object, "status", "lastAppliedRevision") === revision;
}
