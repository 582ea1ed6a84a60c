import type { LiveObject } from "@plumb/api";
import { follow, type KubeClient } from "@plumb/kube";
import { at, conditionOf, until } from "@plumb/e2e/toolkit";

/**
 * Follows which Kustomizations have become ready, and at which revision, without asking again and again. Flux says of each run
 * that it is under way, so that of many they are never all ready at one moment.
 */
export class KustomizationCounter {
  readonly #states = new Map<string, LiveObject>();
  /** By revision, the names of those that were ready at it; by undefined those that ever were. */
  readonly #ready = new Map<unknown, Set<string>>([[undefined, new Set()]]);
  readonly #stop = new AbortController();

  constructor(client: KubeClient, namespace: string) {
    const resource = { group: "kustomize.toolkit.fluxcd.io", version: "v1", plural: "kustomizations" };
    const run = async (): Promise<void> => {
      for await (const delta of follow({ client, resource, namespace, onError: () => undefined }, this.#stop.signal)) {
        if (delta.kind === "replaced") for (const item of delta.items) this.#note(item);
        else if (delta.kind === "put") this.#note(delta.item);
        else if (delta.kind === "gone") this.#states.delete(delta.item.metadata.name);
      }
    };
    run().catch(() => undefined);
  }

  /** Resolves when so many are ready, at this revision where one is named. */
  async whenReady(count: number, revision?: string): Promise<void> {
    for (let before = -1; ;) {
      const isEnough = (): boolean => this.#count(revision) >= count;
      // Gives up only when nothing moves any more.
      const moved = await until(
        `${count} Kustomizations ready`,
        () => (isEnough() || this.#count(revision) > before ? true : undefined),
        () => `${this.#count(revision)} of them`,
      );
      if (moved && isEnough()) return;
      before = this.#count(revision);
    }
  }

  /** How many have handled the request of this token. */
  handled(token: string): number {
    return [...this.#states.values()].filter((state) => at(state, "status", "lastHandledReconcileAt") === token).length;
  }

  stop(): void {
    this.#stop.abort();
  }

  #note(state: LiveObject): void {
    const { name } = state.metadata;
    this.#states.set(name, state);
    if (conditionOf(state, "Ready")?.["status"] !== "True") return;
    const revision = at(state, "status", "lastAppliedRevision");
    this.#ready.get(undefined)?.add(name);
    this.#ready.set(revision, (this.#ready.get(revision) ?? new Set()).add(name));
  }

  #count(revision: string | undefined): number {
    return this.#ready.get(revision)?.size ?? 0;
  }
}
