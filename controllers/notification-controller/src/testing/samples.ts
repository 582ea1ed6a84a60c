import type { Alert, Provider, Receiver, ToolkitEvent } from "@plumb/api";

/** An event of the Kustomization `team/apps`, with what a test changes. */
export function sampleEvent(change: Partial<ToolkitEvent> = {}): ToolkitEvent {
  return {
    involvedObject: {
      kind: "Kustomization",
      namespace: "team",
      name: "apps",
      uid: "u-apps",
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      resourceVersion: "7",
    },
    severity: "info",
    timestamp: "2026-01-02T03:04:05Z",
    message: "Deployment/team/web configured",
    reason: "Progressing",
    metadata: { "kustomize.toolkit.fluxcd.io/revision": "main@sha1:1" },
    reportingController: "kustomize-controller",
    reportingInstance: "pod-1",
    ...change,
  };
}

/** An Alert `team/on-call` on every Kustomization of its namespace, to the Provider `sink`. */
export function sampleAlert(spec: Partial<Alert["spec"]> = {}, metadata: Partial<Alert["metadata"]> = {}): Alert {
  return {
    apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
    kind: "Alert",
    metadata: { name: "on-call", namespace: "team", uid: "u-alert", resourceVersion: "1", generation: 1, ...metadata },
    spec: { providerRef: { name: "sink" }, eventSeverity: "info", eventSources: [{ kind: "Kustomization", name: "*" }], ...spec },
  };
}

/** The Provider `team/sink` of type `generic`. */
export function sampleProvider(spec: Partial<Provider["spec"]> = {}, metadata: Partial<Provider["metadata"]> = {}): Provider {
  return {
    apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
    kind: "Provider",
    metadata: { name: "sink", namespace: "team", uid: "u-provider", resourceVersion: "1", generation: 1, ...metadata },
    spec: { type: "generic", ...spec },
  };
}

/** The Receiver `team/push` of type `generic-hmac`, which wakes the GitRepository `team/apps`. */
export function sampleReceiver(spec: Partial<Receiver["spec"]> = {}, status: Receiver["status"] = {}): Receiver {
  return {
    apiVersion: "notification.toolkit.fluxcd.io/v1",
    kind: "Receiver",
    metadata: { name: "push", namespace: "team", uid: "u-receiver", resourceVersion: "1", generation: 2 },
    spec: { type: "generic-hmac", secretRef: { name: "token" }, resources: [{ kind: "GitRepository", name: "apps" }], ...spec },
    status,
  };
}
