import type { JsonObject } from "@plumb/std";
import { listAt, objectAt, objectsAt, textAt, valueAt } from "../draft.ts";
import { placeOf, placeText } from "../lifecycle/place.ts";
import { WorkQueue } from "../lifecycle/work-queue.ts";
import type { StoreEvent } from "../storage/store.ts";
import { CLAIM_FINALIZER, VOLUME_FINALIZER } from "../strategies/storage-rules.ts";
import { Actor, nameOf, namespaceOf, type ActorParts } from "./actor.ts";
import { syncClaim } from "./claims.ts";
import { syncDaemonSet } from "./daemon-sets.ts";
import { failProgress, syncDeployment } from "./deployments.ts";
import { syncJob } from "./jobs.ts";
import { NODE_NAME, stepPod } from "./pods.ts";
import { syncReplicaSet } from "./replica-sets.ts";
import { syncStatefulSet } from "./stateful-sets.ts";

export interface SimulationOptions {
  /** Milliseconds from a pod's creation until it is ready, and from then until a Job's pod has ended. */
  readonly podStartMs: number;
}

type Sync = (actor: Actor, object: JsonObject) => void;

/** What is done with each kind of workload. */
const SYNCS: Readonly<Record<string, Sync>> = {
  "apps/deployments": syncDeployment,
  "apps/replicasets": syncReplicaSet,
  "apps/statefulsets": syncStatefulSet,
  "apps/daemonsets": syncDaemonSet,
  "batch/jobs": syncJob,
};

/** Kinds whose owners must hear of every change. */
const OWNED: ReadonlySet<string> = new Set(["/pods", "apps/replicasets"]);
const COLLECTION_OF_KIND: Readonly<Record<string, string>> = {
  Deployment: "apps/deployments",
  ReplicaSet: "apps/replicasets",
  StatefulSet: "apps/statefulsets",
  DaemonSet: "apps/daemonsets",
  Job: "batch/jobs",
};

/** Stands in for scheduler, kubelet and the workload controllers: no container runs, but everything becomes ready. */
export class WorkloadSimulator {
  readonly #actor: Actor;
  readonly #kubelet: Actor;
  readonly #parts: ActorParts;
  readonly #queue: WorkQueue;
  readonly #podStartMs: number;
  readonly #stopListening: () => void;
  /** Deployments whose deadline runs, by key and generation. */
  readonly #deadlines = new Set<string>();

  constructor(parts: ActorParts, { podStartMs }: SimulationOptions) {
    this.#parts = parts;
    this.#podStartMs = podStartMs;
    this.#actor = new Actor(parts, "kube-controller-manager");
    this.#kubelet = new Actor(parts, "kubelet");
    this.#queue = new WorkQueue(parts.clock, 2, (place) => this.#work(place));
    this.#stopListening = parts.store.onChange((collection, event) => this.#changed(collection, event));
    this.#createNode();
  }

  stop(): void {
    this.#stopListening();
    this.#queue.stop();
  }

  #changed(collection: string, { kind, key, object }: StoreEvent): void {
    if (OWNED.has(collection)) {
      for (const owner of objectsAt(object, "metadata", "ownerReferences")) {
        const ownerCollection = COLLECTION_OF_KIND[textAt(owner, "kind") ?? ""];
        if (ownerCollection !== undefined)
          this.#queue.add(placeText({ collection: ownerCollection, key: `${namespaceOf(object)}/${textAt(owner, "name") ?? ""}` }));
      }
    }
    if (kind === "put" && (Object.hasOwn(SYNCS, collection) || OTHERS.has(collection))) this.#queue.add(placeText({ collection, key }));
  }

  #work(place: string): void {
    const { collection, key } = placeOf(place);
    const object = this.#parts.store.collection(collection).get(key);
    if (object === undefined) return;
    SYNCS[collection]?.(this.#actor, object);
    if (collection === "apps/deployments") this.#watchProgress(key, object);
    else if (collection === "/pods") this.#stepPod(place, object);
    else if (collection === "/persistentvolumeclaims") this.#claim(collection, key, object);
    else if (collection === "/persistentvolumes") this.#unprotect(object, VOLUME_FINALIZER);
    else if (collection === "/services") this.#service(object);
    else if (collection === "policy/poddisruptionbudgets") this.#budget(object);
  }

  #stepPod(place: string, pod: JsonObject): void {
    const againMs = stepPod(this.#kubelet, pod, this.#podStartMs);
    if (againMs === undefined) return;
    this.#queue.addLater(place, againMs);
  }

  #watchProgress(key: string, deployment: JsonObject): void {
    const id = `${key} ${String(valueAt(deployment, "metadata", "generation"))}`;
    const seconds = valueAt(deployment, "spec", "progressDeadlineSeconds");
    if (this.#deadlines.has(id) || typeof seconds !== "number") return;
    this.#deadlines.add(id);
    this.#parts.clock.after(seconds * 1000, () => {
      this.#deadlines.delete(id);
      const live = this.#parts.store.collection("apps/deployments").get(key);
      if (live !== undefined && `${key} ${String(valueAt(live, "metadata", "generation"))}` === id) failProgress(this.#actor, live);
    });
  }

  #claim(collection: string, key: string, claim: JsonObject): void {
    this.#unprotect(claim, CLAIM_FINALIZER);
    const live = this.#parts.store.collection(collection).get(key);
    if (live !== undefined && valueAt(live, "metadata", "deletionTimestamp") === undefined) syncClaim(this.#actor, live);
  }

  /** Nothing uses it any more. */
  #unprotect(object: JsonObject, finalizer: string): void {
    const finalizers = listAt(object, "metadata", "finalizers");
    if (valueAt(object, "metadata", "deletionTimestamp") === undefined || !finalizers.includes(finalizer)) return;
    this.#actor.update(object, "", (live) => ({
      ...live,
      metadata: { ...objectAt(live, "metadata"), finalizers: finalizers.filter((one) => one !== finalizer) },
    }));
  }

  #service(service: JsonObject): void {
    if (textAt(service, "spec", "type") !== "LoadBalancer" || objectsAt(service, "status", "loadBalancer", "ingress").length > 0) return;
    const last = Number((textAt(service, "spec", "clusterIP") ?? "").split(".").at(-1) ?? 1);
    this.#actor.setStatus(service, { loadBalancer: { ingress: [{ ip: `192.0.2.${last || 1}`, ipMode: "VIP" }] } });
  }

  #budget(budget: JsonObject): void {
    const generation = valueAt(budget, "metadata", "generation");
    if (valueAt(budget, "status", "observedGeneration") === generation || typeof generation !== "number") return;
    this.#actor.setStatus(budget, { observedGeneration: generation, disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 });
  }

  #createNode(): void {
    const node = this.#kubelet.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: NODE_NAME, labels: { "kubernetes.io/hostname": NODE_NAME, "kubernetes.io/os": "linux" } },
    });
    if (node === undefined) return;
    const now = this.#parts.now();
    const amounts = { cpu: "64", memory: "256Gi", pods: "1000" };
    const ready = {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "workloads are simulated",
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    this.#kubelet.setStatus(node, {
      ...objectAt(node, "status"),
      capacity: amounts,
      allocatable: amounts,
      conditions: [ready],
      addresses: [
        { type: "InternalIP", address: "192.0.2.1" },
        { type: "Hostname", address: nameOf(node) },
      ],
    });
  }
}

/** Kinds that are looked at besides the workloads. */
const OTHERS: ReadonlySet<string> = new Set(["/pods", "/persistentvolumeclaims", "/persistentvolumes", "/services", "policy/poddisruptionbudgets"]);
