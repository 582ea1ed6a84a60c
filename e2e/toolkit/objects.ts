import type { Manifest } from "@plumb/api";
import type { JsonObject } from "@plumb/std";
import type { Target } from "./cluster-client.ts";

export const SOURCE_VERSION = "source.toolkit.fluxcd.io/v1";
export const KUSTOMIZE_VERSION = "kustomize.toolkit.fluxcd.io/v1";
export const NOTIFICATION_VERSION = "notification.toolkit.fluxcd.io/v1";
export const ALERT_VERSION = "notification.toolkit.fluxcd.io/v1beta3";

/** Follows the branch `main`; the interval is long, so that nothing happens by the clock. */
export function gitRepository(namespace: string, name: string, url: string, spec: JsonObject = {}): Manifest {
  return { apiVersion: SOURCE_VERSION, kind: "GitRepository", metadata: { name, namespace }, spec: { url, interval: "1h", ref: { branch: "main" }, ...spec } };
}

/** Applies what is at the path of the source of that name; pruned, and not by the clock. */
export function kustomization(namespace: string, name: string, source: string, spec: JsonObject = {}): Manifest {
  return {
    apiVersion: KUSTOMIZE_VERSION,
    kind: "Kustomization",
    metadata: { name, namespace },
    spec: { interval: "1h", retryInterval: "1s", timeout: "1m", path: "./", prune: true, sourceRef: { kind: "GitRepository", name: source }, ...spec },
  };
}

/** A generic web-hook to the sink, and an Alert that sends it everything that is told in the namespace. */
export function alerting(namespace: string, sink: string, spec: JsonObject = {}): readonly Manifest[] {
  const eventSources = [
    { kind: "GitRepository", name: "*" },
    { kind: "Kustomization", name: "*" },
  ];
  return [
    { apiVersion: ALERT_VERSION, kind: "Provider", metadata: { name: "sink", namespace }, spec: { type: "generic", address: `${sink}/generic` } },
    {
      apiVersion: ALERT_VERSION,
      kind: "Alert",
      metadata: { name: "everything", namespace },
      spec: { providerRef: { name: "sink" }, eventSeverity: "info", eventSources, ...spec },
    },
  ];
}

export function configMapFile(namespace: string, name: string, data: Readonly<Record<string, string>>): string {
  return text({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data });
}

/** A Deployment that the simulated nodes bring to health. */
export function deploymentFile(
  namespace: string,
  name: string,
  {
    replicas = 1,
    image = "app:1",
    labels = {},
  }: { readonly replicas?: number; readonly image?: string; readonly labels?: Readonly<Record<string, string>> } = {},
): string {
  const selector = { app: name };
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image }] };
  return text({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: { replicas, selector: { matchLabels: selector }, template: { metadata: { labels: selector }, spec } },
  });
}

/** One object as a file of a repository; JSON is YAML too. */
export function text(object: Manifest): string {
  return `${JSON.stringify(object, undefined, 2)}\n`;
}

export function targetOf(object: Manifest): Target {
  const {
    apiVersion,
    kind,
    metadata: { namespace, name },
  } = object;
  return { apiVersion, kind, namespace, name };
}
