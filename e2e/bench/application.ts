import type { Manifest } from "@plumb/api";
import { kustomization, text } from "@plumb/e2e/toolkit";

/** ServiceAccount, ConfigMap, Service and Deployment of one application. */
export function application(namespace: string, name: string, value = "1"): readonly Manifest[] {
  const selector = { app: name };
  const container = { name: "main", image: "app:1", ports: [{ containerPort: 8080 }], env: [{ name: "VALUE", value }] };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { value } },
    { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector, ports: [{ port: 80, targetPort: 8080 }] } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        template: { metadata: { labels: selector }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
      },
    },
  ];
}

/** The four as files of a folder. */
export function applicationFiles(namespace: string, name: string, value?: string): Readonly<Record<string, string>> {
  return Object.fromEntries(application(namespace, name, value).map((object) => [`${name}/${object.kind.toLowerCase()}.yaml`, text(object)]));
}

export function applier(namespace: string, name: string, interval = "10m"): Manifest {
  return kustomization(namespace, name, "apps", { path: `./${name}`, interval });
}

export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `app-${index}`);
}

const PLURALS: Readonly<Record<string, string>> = {
  ServiceAccount: "serviceaccounts",
  ConfigMap: "configmaps",
  Service: "services",
  Deployment: "deployments",
  Kustomization: "kustomizations",
};

/** Where an object is applied to. */
export function pathOf({ apiVersion, kind, metadata: { namespace, name } }: Manifest): string {
  return `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}/namespaces/${namespace}/${PLURALS[kind]}/${name}`;
}
