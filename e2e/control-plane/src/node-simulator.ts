import { setTimeout as delay } from "node:timers/promises";

import { HttpsClient, type ServerAccess } from "./https-client.ts";

interface Labelled {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind: string }[];
}

/** The part of a Pod or PersistentVolumeClaim that matters here. */
interface Workload {
  readonly metadata: Labelled;
  readonly spec: {
    readonly nodeName?: string;
    readonly volumeName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
    readonly containers?: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly unknown[] };
}

/** One request that brings an object nearer to where a node would have brought it. */
interface Act {
  readonly method: "POST" | "PATCH" | "DELETE";
  /** Behind the object's own path. */
  readonly path: "" | "/binding" | "/status";
  readonly body: unknown;
}

const NODE = "simulated";
/** An image of such a host can never be pulled (RFC 6761): its container waits for ever, on a real cluster too. */
const UNPULLABLE = /^[^/]*\.invalid(?::\d+)?\//;
/** A watch is opened anew this often, with a list first, so that an act that failed is tried again. */
const WATCH_SECONDS = 30;

/**
 * Keeps one Node and does what a scheduler, a kubelet and a volume plugin would: pods are bound and run, those of Jobs
 * succeed, those that are being deleted go, claims are bound. Nothing is run. Ends when `signal` aborts.
 */
export async function simulateNode(access: ServerAccess, signal: AbortSignal): Promise<void> {
  const client = new HttpsClient(access);
  try {
    await keepNode(client, signal);
    await Promise.all([follow(client, "pods", nextForPod, signal), follow(client, "persistentvolumeclaims", nextForClaim, signal)]);
  } finally {
    client.close();
  }
}

async function keepNode(client: HttpsClient, signal: AbortSignal): Promise<void> {
  const size = { cpu: "1000", memory: "4Ti", pods: "100000", "ephemeral-storage": "4Ti" };
  const kubelet = { heartbeat: new Date().toISOString().replace(/\.\d+Z$/, "Z") };
  const condition = (type: string, status: string): unknown => ({
    type,
    status,
    reason: "Simulated",
    message: "workloads are simulated",
    lastHeartbeatTime: kubelet.heartbeat,
    lastTransitionTime: kubelet.heartbeat,
  });
  const conditions = [condition("MemoryPressure", "False"), condition("DiskPressure", "False"), condition("PIDPressure", "False"), condition("Ready", "True")];
  await untilDone(signal, async () => {
    const labels = { "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux" };
    const made = await client.request("POST", "/api/v1/nodes", signal, { apiVersion: "v1", kind: "Node", metadata: { name: NODE, labels } });
    const status = await client.request(
      "PATCH",
      `/api/v1/nodes/${NODE}/status`,
      signal,
      { status: { capacity: size, allocatable: size, conditions } },
      "application/merge-patch+json",
    );
    // Admission taints a new Node as not ready, and the controller that would take the taint away does not run.
    const untainted = await client.request("PATCH", `/api/v1/nodes/${NODE}`, signal, { spec: { taints: null } }, "application/merge-patch+json");
    return (made.status === 201 || made.status === 409) && status.status === 200 && untainted.status === 200;
  });
}

/** Lists, watches, lists again, for ever; one act at a time for an object. */
async function follow(client: HttpsClient, plural: string, next: (object: Workload) => Act | undefined, signal: AbortSignal): Promise<void> {
  /** Objects with an act under way; with each what was seen of it meanwhile. */
  const busy = new Map<string, Workload | undefined>();
  const see = async (object: Workload): Promise<void> => {
    const { uid, namespace, name } = object.metadata;
    if (busy.has(uid)) return void busy.set(uid, object);
    const act = next(object);
    if (act === undefined) return;
    busy.set(uid, undefined);
    const path = `/api/v1/namespaces/${namespace}/${plural}/${name}${act.path}`;
    const contentType = act.method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    // Whatever goes wrong, the next list shows the object again.
    await client.request(act.method, path, signal, act.body, contentType).catch(() => undefined);
    const meanwhile = busy.get(uid);
    busy.delete(uid);
    if (meanwhile !== undefined) await see(meanwhile);
  };
  await untilDone(signal, async () => {
    const list = await client.request("GET", `/api/v1/${plural}`, signal);
    if (list.status !== 200) return false;
    const { items, metadata } = JSON.parse(list.text) as { items: readonly Workload[]; metadata: { resourceVersion: string } }; // why: the API server's own answer
    for (const item of items) void see(item);
    const query = `watch=true&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=${WATCH_SECONDS}`;
    for await (const line of client.lines(`/api/v1/${plural}?${query}`, signal)) {
      const { type, object } = JSON.parse(line) as { type: string; object: Workload }; // why: the API server's own answer
      if (type === "ADDED" || type === "MODIFIED") void see(object);
    }
    return false;
  });
}

/** What a scheduler or a kubelet would do next. Pure. */
export function nextForPod({ metadata, spec, status }: Workload): Act | undefined {
  const { name, uid, deletionTimestamp, ownerReferences = [] } = metadata;
  if (deletionTimestamp !== undefined) return { method: "DELETE", path: "", body: { gracePeriodSeconds: 0, preconditions: { uid } } };
  if (spec.nodeName === undefined) {
    return {
      method: "POST",
      path: "/binding",
      body: { apiVersion: "v1", kind: "Binding", metadata: { name, uid }, target: { apiVersion: "v1", kind: "Node", name: NODE } },
    };
  }
  if (status?.phase !== undefined && status.phase !== "Pending") return undefined;
  const { containers = [] } = spec;
  const isPullable = containers.every(({ image }) => !UNPULLABLE.test(image));
  if (!isPullable && status?.containerStatuses !== undefined) return undefined;
  const mode = !isPullable ? "waiting" : ownerReferences.some(({ kind }) => kind === "Job") ? "succeeded" : "running";
  return { method: "PATCH", path: "/status", body: { metadata: { uid }, status: podStatus(mode, containers, uid) } };
}

function podStatus(mode: "waiting" | "running" | "succeeded", containers: readonly { readonly name: string; readonly image: string }[], uid: string): unknown {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const isReady = mode === "running";
  const reason = mode === "succeeded" ? { reason: "PodCompleted" } : mode === "waiting" ? { reason: "ContainersNotReady" } : {};
  const condition = (type: string, isTrue: boolean): unknown => ({
    type,
    status: isTrue ? "True" : "False",
    lastTransitionTime: now,
    ...(isTrue ? {} : reason),
  });
  const state = {
    waiting: { waiting: { reason: "ImagePullBackOff", message: "the image's host can never be reached" } },
    running: { running: { startedAt: now } },
    succeeded: { terminated: { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now } },
  }[mode];
  return {
    phase: { waiting: "Pending", running: "Running", succeeded: "Succeeded" }[mode],
    startTime: now,
    hostIP: "127.0.0.1",
    podIP: addressOf(uid),
    conditions: [condition("PodScheduled", true), condition("Initialized", true), condition("ContainersReady", isReady), condition("Ready", isReady)],
    containerStatuses: containers.map(({ name, image }) => ({ name, image, imageID: "", ready: isReady, started: isReady, restartCount: 0, state })),
  };
}

/** Binds a claim without a volume: what asks for its phase sees it bound. Pure. */
export function nextForClaim({ metadata: { uid, deletionTimestamp }, spec, status }: Workload): Act | undefined {
  if (deletionTimestamp !== undefined || status?.phase === "Bound") return undefined;
  return {
    method: "PATCH",
    path: "/status",
    body: { metadata: { uid }, status: { phase: "Bound", accessModes: spec.accessModes ?? [], capacity: spec.resources?.requests ?? {} } },
  };
}

/** An address of 10.128.0.0/9, the same for the same pod. */
function addressOf(uid: string): string {
  const [a = 0, b = 0, c = 0] = [0, 2, 4].map((at) => Number.parseInt(uid.slice(at, at + 2), 16));
  return `10.${128 + (a % 128)}.${b}.${c}`;
}

/** Repeats `attempt` until it says that it is done, a second after each that is not; failures are attempts too. */
async function untilDone(signal: AbortSignal, attempt: () => Promise<boolean>): Promise<void> {
  while (!signal.aborted) {
    if (await attempt().catch(() => false)) return;
    await delay(1_000, undefined, { signal }).catch(() => undefined);
  }
}
