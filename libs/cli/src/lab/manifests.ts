import { KINDS, type Manifest } from "@plumb/api";
import { describedCrd } from "@plumb/api/described-crd";
import type { JsonObject } from "@plumb/std";
import { stringify } from "@plumb/yaml";
import { LAB_LABEL, type LabNames } from "./names.ts";

/** Replicas that Git declares; step 2 of the story changes them by hand. */
export const REPLICAS = 3;
const IMAGE = "registry.k8s.io/pause";
export const FIRST_TAG = "3.9";
export const NEXT_TAG = "3.10";

/** The files of the repository's first commit. */
export function firstCommit({ workloads, app }: LabNames): Readonly<Record<string, string>> {
  return {
    "README.md": "# The lab's repository\n\nEdit a file below `apps/`, commit, and watch the cluster follow.\n",
    "apps/kustomization.yaml": stringify({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: ["namespace.yaml", "settings.yaml", "deployment.yaml", "service.yaml"],
    }),
    "apps/namespace.yaml": stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: workloads, labels: { [LAB_LABEL]: "true" } } }),
    "apps/settings.yaml": settingsFile(workloads, "welcome to the shop"),
    "apps/deployment.yaml": deploymentFile(workloads, app, FIRST_TAG),
    "apps/service.yaml": stringify({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: app, namespace: workloads },
      spec: { selector: { app }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    }),
  };
}

/** Those of them that the story writes to. */
export const STORY_FILES: readonly string[] = ["apps/deployment.yaml", "apps/settings.yaml"];

export function settingsFile(workloads: string, greeting: string): string {
  return stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: workloads }, data: { greeting } });
}

export function deploymentFile(workloads: string, app: string, tag: string): string {
  return stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: app, namespace: workloads },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: "app", image: `${IMAGE}:${tag}` }] } },
    },
  });
}

/** Every CustomResourceDefinition of the toolkit, with the texts of `kubectl explain`. */
export function definitions(): readonly Manifest[] {
  return KINDS.map(describedCrd);
}

export interface Addresses {
  /** Of the repository, as the source controller reaches it. */
  readonly repository: string;
  /** Of the sink, without a path. */
  readonly sink: string;
}

export const HOOK_TOKEN_SECRET = "hook-token";

/** The toolkit's objects that make the story: source, applier, alerts, receiver. */
export function toolkitObjects(names: LabNames, { repository, sink }: Addresses, hookToken: string): readonly Manifest[] {
  return [
    { apiVersion: "v1", kind: "Secret", metadata: meta(names, HOOK_TOKEN_SECRET), data: { token: Buffer.from(hookToken).toString("base64") } },
    provider(names, "chat", { type: "slack", address: `${sink}/slack`, channel: "gitops" }),
    provider(names, "hook", { type: "generic", address: `${sink}/generic` }),
    alert(names, "chat"),
    alert(names, "hook"),
    receiver(names),
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: meta(names, "lab"),
      spec: { url: repository, interval: "10m", ref: { branch: "main" } },
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: meta(names, "apps"),
      spec: { interval: "10m", retryInterval: "5s", timeout: "1m", path: "./apps", prune: true, wait: true, sourceRef: { kind: "GitRepository", name: "lab" } },
    },
  ];
}

function meta({ system }: LabNames, name: string): JsonObject & { readonly name: string } {
  return { name, namespace: system, labels: { [LAB_LABEL]: "true" } };
}

function provider(names: LabNames, name: string, spec: JsonObject): Manifest {
  return { apiVersion: "notification.toolkit.fluxcd.io/v1beta3", kind: "Provider", metadata: meta(names, name), spec };
}

/** Tells the Provider of its own name everything there is to tell. */
function alert(names: LabNames, name: string): Manifest {
  const eventSources = [
    { kind: "GitRepository", name: "*" },
    { kind: "Kustomization", name: "*" },
  ];
  const spec = { providerRef: { name }, eventSeverity: "info", eventSources };
  return { apiVersion: "notification.toolkit.fluxcd.io/v1beta3", kind: "Alert", metadata: meta(names, name), spec };
}

function receiver(names: LabNames): Manifest {
  const resources = [{ apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", name: "lab" }];
  const spec = { type: "generic-hmac", secretRef: { name: HOOK_TOKEN_SECRET }, resources };
  return { apiVersion: "notification.toolkit.fluxcd.io/v1", kind: "Receiver", metadata: meta(names, "git"), spec };
}
