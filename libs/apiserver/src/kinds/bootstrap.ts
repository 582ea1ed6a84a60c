import type { JsonObject } from "@plumb/std";
import { draftOf, textAt } from "../draft.ts";
import type { ObjectWriter } from "../write/writer.ts";
import type { Registry } from "./registry.ts";

/** What a cluster has from the start. */
const OBJECTS: readonly JsonObject[] = [
  ...["default", "kube-system", "kube-public", "kube-node-lease"].map((name): JsonObject => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
    spec: { clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443, targetPort: 6443 }] },
  },
  priorityClass(
    "system-cluster-critical",
    2_000_000_000,
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  ),
  priorityClass("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
];

function priorityClass(name: string, value: number, description: string): JsonObject {
  return { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name }, value, description };
}

/** Creates what a cluster has from the start. */
export function bootstrap(registry: Registry, writer: ObjectWriter, now: string): void {
  for (const object of OBJECTS) {
    const resource = registry.findKind(textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? "");
    if (resource === undefined) continue;
    const draft = resource.codec.decode(draftOf(object), []);
    writer.create(resource, textAt(object, "metadata", "namespace") ?? "", draft, {
      isDryRun: false,
      writer: { manager: "kube-apiserver", subresource: "", now },
      warn: () => {},
    });
  }
}
