import type { LiveObject, Manifest } from "@plumb/api";
import { createKubeClient, kubeDetails, readKubeconfig, type KubeConnection, type ObjectName } from "@plumb/kube";
import { sleep, ToolkitError, toToolkitError, type JsonObject } from "@plumb/std";

/** What the lab itself is called in `managedFields`. */
const LAB_MANAGER = "plumb-lab";

/** Milliseconds between two looks at what a step waits for. */
const LOOK_EVERY_MS = 40;

/** Which object, in words that discovery turns into a URL. */
export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Called when the server refuses who is asking; resolves to whether it is worth asking again. */
type SignInAgain = (signal: AbortSignal) => Promise<boolean>;

/** A cluster as the story sees it: reads, edits by hand, and waiting for what the controllers do. */
export class LabCluster {
  readonly kubeconfig: string;
  readonly #client: KubeConnection;
  readonly #signal: AbortSignal;
  readonly #signInAgain: SignInAgain;

  private constructor(kubeconfig: string, client: KubeConnection, signal: AbortSignal, signInAgain: SignInAgain) {
    this.kubeconfig = kubeconfig;
    this.#client = client;
    this.#signal = signal;
    this.#signInAgain = signInAgain;
  }

  static async connect(kubeconfig: string, signal: AbortSignal, signInAgain: SignInAgain = async () => false): Promise<LabCluster> {
    const { access } = await readKubeconfig(kubeconfig, { allowsInsecureTls: true });
    return new LabCluster(kubeconfig, createKubeClient({ access, userAgent: LAB_MANAGER }), signal, signInAgain);
  }

  close(): void {
    this.#client.close();
  }

  async get(target: Target): Promise<LiveObject | undefined> {
    return this.#asked(async () => this.#client.get(await this.#nameOf(target), { signal: this.#signal }));
  }

  async list(target: Omit<Target, "name">): Promise<readonly LiveObject[]> {
    return this.#asked(async () => {
      const resource = await this.#client.resourceFor(target, this.#signal);
      return (await this.#client.list(resource, { namespace: target.namespace, signal: this.#signal })).items;
    });
  }

  /** Applies objects that the lab brings itself. */
  async apply(objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) {
      await this.#asked(async () => {
        const resource = await this.waitFor(`the kind ${object.kind}`, () => this.#client.resourceFor(object, this.#signal).catch(unlessMissing));
        await this.#client.apply(resource, object, { fieldManager: LAB_MANAGER, force: true, dryRun: false, signal: this.#signal });
      });
    }
  }

  /** Edits as a person with kubectl does. */
  async edit(target: Target, patch: JsonObject, manager = "kubectl-edit"): Promise<void> {
    await this.#asked(async () => this.#client.patch(await this.#nameOf(target), patch, { type: "merge", fieldManager: manager, signal: this.#signal }));
  }

  async delete(target: Target): Promise<void> {
    await this.#asked(async () => this.#client.delete(await this.#nameOf(target), { propagation: "Background", signal: this.#signal }));
  }

  /**
   * Looks until `look` finds something, and returns that.
   *
   * @throws {ToolkitError} `unavailable`, saying what was not found in time
   */
  async waitFor<Found>(what: string, look: () => Promise<Found | undefined>, limitMs = 30_000): Promise<Found> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new ToolkitError("unavailable", `${what}: not within ${limitMs / 1000} s`);
      await sleep(LOOK_EVERY_MS, this.#signal);
    }
  }

  /** A second time after a refusal that signing in again may have mended. */
  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (thrown) {
      if (kubeDetails(thrown)?.reason !== "Unauthorized" || !(await this.#signInAgain(this.#signal))) throw thrown;
      return await ask();
    }
  }

  async #nameOf(target: Target): Promise<ObjectName> {
    return { resource: await this.#client.resourceFor(target, this.#signal), namespace: target.namespace, name: target.name };
  }
}

/** A kind that is not served yet; every other failure is one. */
function unlessMissing(thrown: unknown): undefined {
  if (toToolkitError(thrown).kind !== "missing") throw thrown;
}
