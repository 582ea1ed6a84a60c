import { REQUESTED_AT_ANNOTATION, type Receiver } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { ToolkitError, toToolkitError, type Log } from "@plumb/std";

type Resource = Receiver["spec"]["resources"][number];

/** What asking for reconciles needs; a KubeClient has it. */
export type CanAnnotate = Pick<KubeClient, "list" | "patch" | "resourceFor">;

export interface AnnotateOptions {
  readonly client: CanAnnotate;
  readonly allowsCrossNamespace: boolean;
  /** A value that was never given before. */
  readonly stamp: () => string;
  readonly log: Log;
}

/** Versions of kinds for which a Receiver need not name one (N-028). */
const API_VERSIONS: Readonly<Record<string, string>> = {
  Bucket: "source.toolkit.fluxcd.io/v1",
  HelmChart: "source.toolkit.fluxcd.io/v1",
  HelmRepository: "source.toolkit.fluxcd.io/v1",
  GitRepository: "source.toolkit.fluxcd.io/v1",
  OCIRepository: "source.toolkit.fluxcd.io/v1",
  ImageRepository: "image.toolkit.fluxcd.io/v1",
  ArtifactGenerator: "source.extensions.fluxcd.io/v1beta1",
};

/** Asks every resource of a Receiver for a reconcile; all are tried (N-031). Returns what went wrong. */
export async function requestReconciles(receiver: Receiver, options: AnnotateOptions, signal: AbortSignal): Promise<readonly ToolkitError[]> {
  const results = await Promise.allSettled(receiver.spec.resources.map((resource) => requestOne(receiver, resource, options, signal)));
  return results.flatMap((result) => (result.status === "rejected" ? [toToolkitError(result.reason)] : []));
}

async function requestOne(receiver: Receiver, resource: Resource, options: AnnotateOptions, signal: AbortSignal): Promise<void> {
  const own = receiver.metadata.namespace ?? "";
  const namespace = resource.namespace ?? own;
  if (namespace !== own && !options.allowsCrossNamespace)
    throw new ToolkitError("denied", `${nameOf(resource, namespace)}: cross-namespace references are not allowed`);
  const apiVersion = resource.apiVersion ?? API_VERSIONS[resource.kind];
  if (apiVersion === undefined) throw new ToolkitError("invalid", `apiVersion must be specified for kind "${resource.kind}"`);
  const found = await options.client.resourceFor({ apiVersion, kind: resource.kind }, signal);
  for (const name of await namesOf(resource, namespace, { ...options, found }, signal)) {
    const patch = { metadata: { annotations: { [REQUESTED_AT_ANNOTATION]: options.stamp() } } };
    await options.client.patch({ resource: found, namespace, name }, patch, {
      type: "merge",
      fieldManager: "notification-controller",
      metadataOnly: true,
      signal,
    });
    options.log.info("reconcile requested", { receiver: `${own}/${receiver.metadata.name}`, object: `${resource.kind}/${namespace}/${name}` });
  }
}

async function namesOf(
  resource: Resource,
  namespace: string,
  { client, log, found }: AnnotateOptions & { readonly found: Awaited<ReturnType<CanAnnotate["resourceFor"]>> },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (resource.name !== "*") return [resource.name];
  // An empty map selects everything; only one that is not there is a mistake.
  if (resource.matchLabels === undefined) throw new ToolkitError("invalid", "matchLabels field not set when using wildcard '*' as name");
  const labelSelector = Object.entries(resource.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const { items } = await client.list(found, { namespace, ...(labelSelector !== "" && { labelSelector }), metadataOnly: true, signal });
  if (items.length === 0) log.info("no resources found with matching labels", { kind: resource.kind, namespace, labelSelector });
  return items.map(({ metadata }) => metadata.name);
}

function nameOf({ kind, name }: Resource, namespace: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** Makes stamps of RFC 3339 with nanoseconds, the last six digits counting up, so that no two are equal (N-030). */
export function newStamps(nowMs: () => number): () => string {
  let lastMs = 0;
  let count = 0;
  return () => {
    const ms = Math.max(lastMs, Math.trunc(nowMs()));
    count = ms === lastMs ? count + 1 : 0;
    lastMs = ms;
    return new Date(ms).toISOString().replace("Z", `${String(count).padStart(6, "0")}Z`);
  };
}
