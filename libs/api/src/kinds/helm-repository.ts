import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of HelmRepository: its type, its CustomResourceDefinition and its model come from this value. */
export const HELM_REPOSITORY = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "HelmRepository",
  plural: "helmrepositories",
  shortNames: ["helmrepo"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Follows the index of a Helm chart repository. No controller of Plumb serves it yet.",
  columns: [
    { name: "URL", type: "string", jsonPath: ".spec.url" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["url"],
    properties: {
      accessFrom: {
        type: "object",
        required: ["namespaceSelectors"],
        properties: {
          namespaceSelectors: {
            type: "array",
            items: { type: "object", properties: { matchLabels: { type: "object", additionalProperties: { type: "string" } } } },
          },
        },
      },
      certSecretRef: { $ref: "LocalObjectReference" },
      insecure: { type: "boolean" },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      passCredentials: { type: "boolean" },
      provider: { type: "string", enum: ["generic", "aws", "azure", "gcp"], default: "generic" },
      secretRef: { $ref: "LocalObjectReference" },
      suspend: { type: "boolean" },
      timeout: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" },
      type: { type: "string", enum: ["default", "oci"] },
      url: { type: "string", pattern: "^(http|https|oci)://.*$" },
    },
  },
  status: {
    type: "object",
    default: { observedGeneration: -1 },
    properties: {
      artifact: { $ref: "Artifact" },
      conditions: { type: "array", items: { $ref: "Condition" } },
      lastHandledReconcileAt: { type: "string" },
      observedGeneration: { type: "integer", format: "int64" },
      url: { type: "string" },
    },
  },
} as const;

export type HelmRepositorySpec = FromSchema<(typeof HELM_REPOSITORY)["spec"]>;
export type HelmRepositoryStatus = FromSchema<(typeof HELM_REPOSITORY)["status"]>;

export interface HelmRepository extends LiveObject {
  readonly spec: HelmRepositorySpec;
  readonly status?: HelmRepositoryStatus;
}
