import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of Kustomization: its type, its CustomResourceDefinition and its model come from this value. */
export const KUSTOMIZATION = {
  group: "kustomize.toolkit.fluxcd.io",
  version: "v1",
  kind: "Kustomization",
  plural: "kustomizations",
  shortNames: ["ks"],
  categories: ["all", "fluxcd", "fluxcd-appliers"],
  description: "Builds manifests from an artifact, applies them to a cluster and keeps them as they were declared.",
  columns: [
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["interval", "prune", "sourceRef"],
    properties: {
      buildMetadata: { type: "array", items: { type: "string", enum: ["originAnnotations", "transformerAnnotations"] } },
      commonMetadata: {
        type: "object",
        properties: {
          annotations: { type: "object", additionalProperties: { type: "string" } },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
      },
      components: { type: "array", items: { type: "string" } },
      decryption: {
        type: "object",
        required: ["provider"],
        properties: {
          provider: { type: "string", enum: ["sops"] },
          secretRef: { $ref: "LocalObjectReference" },
          serviceAccountName: { type: "string" },
        },
      },
      deletionPolicy: { type: "string", enum: ["MirrorPrune", "Delete", "WaitForTermination", "Orphan"] },
      dependsOn: {
        type: "array",
        items: {
          type: "object",
          required: ["name"],
          properties: { name: { type: "string" }, namespace: { type: "string" }, readyExpr: { type: "string" } },
        },
      },
      force: { type: "boolean", default: false },
      healthCheckExprs: {
        type: "array",
        items: {
          type: "object",
          required: ["apiVersion", "current"],
          properties: {
            apiVersion: { type: "string" },
            current: { type: "string" },
            failed: { type: "string" },
            inProgress: { type: "string" },
            kind: { type: "string" },
          },
        },
      },
      healthChecks: {
        type: "array",
        items: {
          type: "object",
          required: ["kind", "name"],
          properties: { apiVersion: { type: "string" }, kind: { type: "string" }, name: { type: "string" }, namespace: { type: "string" } },
        },
      },
      ignore: {
        type: "array",
        items: {
          type: "object",
          required: ["paths"],
          properties: { paths: { type: "array", items: { type: "string" } }, target: { $ref: "Selector" } },
        },
      },
      ignoreMissingComponents: { type: "boolean" },
      images: {
        type: "array",
        items: {
          type: "object",
          required: ["name"],
          properties: { digest: { type: "string" }, name: { type: "string" }, newName: { type: "string" }, newTag: { type: "string" } },
        },
      },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      kubeConfig: {
        type: "object",
        "x-kubernetes-validations": [
          {
            rule: "has(self.configMapRef) || has(self.secretRef)",
            message: "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
          },
          {
            rule: "!has(self.configMapRef) || !has(self.secretRef)",
            message: "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
          },
        ],
        properties: {
          configMapRef: { $ref: "LocalObjectReference" },
          secretRef: { type: "object", required: ["name"], properties: { key: { type: "string" }, name: { type: "string" } } },
        },
      },
      namePrefix: { type: "string", minLength: 1, maxLength: 200 },
      nameSuffix: { type: "string", minLength: 1, maxLength: 200 },
      patches: {
        type: "array",
        items: { type: "object", required: ["patch"], properties: { patch: { type: "string" }, target: { $ref: "Selector" } } },
      },
      path: { type: "string" },
      postBuild: {
        type: "object",
        properties: {
          substitute: { type: "object", additionalProperties: { type: "string" } },
          substituteFrom: {
            type: "array",
            items: {
              type: "object",
              required: ["kind", "name"],
              properties: {
                kind: { type: "string", enum: ["Secret", "ConfigMap"] },
                name: { type: "string", minLength: 1, maxLength: 253 },
                optional: { type: "boolean", default: false },
              },
            },
          },
          substituteStrategy: { type: "string", enum: ["WithVariables", "Always"] },
        },
      },
      prune: { type: "boolean" },
      retryInterval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      serviceAccountName: { type: "string" },
      sourceRef: {
        type: "object",
        required: ["kind", "name"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string", enum: ["OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"] },
          name: { type: "string" },
          namespace: { type: "string" },
        },
      },
      suspend: { type: "boolean" },
      targetNamespace: { type: "string", minLength: 1, maxLength: 63 },
      timeout: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      wait: { type: "boolean" },
    },
  },
  status: {
    type: "object",
    default: { observedGeneration: -1 },
    properties: {
      conditions: { type: "array", items: { $ref: "Condition" } },
      history: { type: "array", items: { $ref: "Snapshot" } },
      inventory: {
        type: "object",
        required: ["entries"],
        properties: {
          entries: {
            type: "array",
            items: { type: "object", required: ["id", "v"], properties: { id: { type: "string" }, v: { type: "string" } } },
          },
        },
      },
      lastAppliedOriginRevision: { type: "string" },
      lastAppliedRevision: { type: "string" },
      lastAttemptedRevision: { type: "string" },
      lastHandledReconcileAt: { type: "string" },
      observedGeneration: { type: "integer", format: "int64" },
    },
  },
} as const;

export type KustomizationSpec = FromSchema<(typeof KUSTOMIZATION)["spec"]>;
export type KustomizationStatus = FromSchema<(typeof KUSTOMIZATION)["status"]>;

export interface Kustomization extends LiveObject {
  readonly spec: KustomizationSpec;
  readonly status?: KustomizationStatus;
}
