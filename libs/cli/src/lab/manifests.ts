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
export function toolkitObjects({ system }: LabNames, { repository, sink }: Addresses, hookToken: string): readonly Manifest[] {
  const meta = (name: string): JsonObject & { readonly name: string } => ({ name, namespace: system, labels: { [LAB_LABEL]: "true" } });
  const sources = [
    { kind: "GitRepository", name: "*" },
    { kind: "Kustomization", name: "*" },
  ];
  return [
    { apiVersion: "v1", kind: "Secret", metadata: meta(HOOK_TOKEN_SECRET), data: { token: Buffer.from(hookToken).toString("base64") } },
    {
      apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
      kind: "Provider",
      metadata: meta("chat"),
      spec: { type: "slack", address: `${sink}/slack`, channel: "gitops" },
    },
    { apiVersion: "notification.toolkit.fluxcd.io/v1beta3", kind: "Provider", metadata: meta("hook"), spec: { type: "generic", address: `${sink}/generic` } },
    {
      apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
      kind: "Alert",
      metadata: meta("chat"),
      spec: { providerRef: { name: "chat" }, eventSeverity: "info", eventSources: sources },
    },
    {
      apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
      kind: "Alert",
      metadata: meta("hook"),
      spec: { providerRef: { name: "hook" }, eventSeverity: "info", eventSources: sources },
    },
    {
      apiVersion: "notification.toolkit.fluxcd.io/v1",
      kind: "Receiver",
      metadata: meta("git"),
      spec: {
        type: "generic-hmac",
        secretRef: { name: HOOK_TOKEN_SECRET },
        resources: [{ apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", name: "lab" }],
      },
    },
    {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: meta("lab"),
      spec: { url: repository, interval: "10m", ref: { branch: "main" } },
    },
    {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: meta("apps"),
      spec: { interval: "10m", retryInterval: "5s", timeout: "1m", path: "./apps", prune: true, wait: true, sourceRef: { kind: "GitRepository", name: "lab" } },
    },
  ];
}
