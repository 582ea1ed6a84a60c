import type { Artifact, DesiredObject, Kustomization } from "@plumb/api";
import { buildSpecOf } from "@plumb/desired";
import { keyOf, type WorkerPool } from "@plumb/runtime";
import { parseJson, stringifyJson } from "@plumb/std";
import type { BuildAnswer, BuildRequest } from "./build-job.ts";
import type { Builds, Built } from "./kustomization/contracts.ts";

interface Remembered {
  /** Digest of the artifact and all of the spec that a build depends on. */
  readonly of: string;
  readonly built: Built;
}

/** Builds in a worker, and remembers the last build of each Kustomization. */
export class WorkerBuilds implements Builds {
  readonly #pool: WorkerPool;
  /** By `namespace/name`. */
  readonly #last = new Map<string, Remembered>();
  /** The build that the cluster is at, by `namespace/name`. */
  readonly #applied = new Map<string, Built>();

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  recall(obj: Kustomization, artifact: Artifact): Built | undefined {
    const last = this.#last.get(keyOf(obj));
    return last?.of === inputsOf(obj, artifact) ? last.built : undefined;
  }

  async build(
    obj: Kustomization,
    artifact: Artifact,
    folder: string,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Built> {
    const request: BuildRequest = { folder, spec: stringifyJson(buildSpecOf(obj.spec)) };
    // why: `build-job.ts` on the other side of the pool answers with nothing else
    const { digest, objects } = (await this.#pool.run("build", request, { key: keyOf(obj), timeoutMs, signal })) as BuildAnswer;
    // why: the job has written them as desired objects
    const built = { digest, objects: parseJson(objects) as unknown as readonly DesiredObject[] };
    this.#last.set(keyOf(obj), { of: inputsOf(obj, artifact), built });
    return built;
  }

  applied(key: string, built: Built): void {
    this.#applied.set(key, built);
  }

  /** What the last builds of a Kustomization want, the one that is applied first. */
  *desired(key: string): Iterable<DesiredObject> {
    const [applied, last] = [this.#applied.get(key), this.#last.get(key)?.built];
    yield* applied?.objects ?? [];
    if (last !== applied) yield* last?.objects ?? [];
  }

  forget(key: string): void {
    this.#last.delete(key);
    this.#applied.delete(key);
  }
}

/** Everything that a build depends on, as one text. */
function inputsOf({ spec }: Kustomization, { digest }: Artifact): string {
  return stringifyJson([digest, buildSpecOf(spec)]);
}
