import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of OCIRepository: its type, its CustomResourceDefinition and its model come from this value. */
export const OCI_REPOSITORY = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "OCIRepository",
  plural: "ocirepositories",
  shortNames: ["ocirepo"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Produces an artifact from an image or artifact in an OCI registry. No controller of Plumb serves it yet.",
  columns: [
    { name: "URL", type: "string", jsonPath: ".spec.url" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  spec: {
    type: "object",
    required: ["interval", "url"],
    properties: {
      certSecretRef: { $ref: "LocalObjectReference" },
      ignore: { type: "string" },
      insecure: { type: "boolean" },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      layerSelector: { type: "object", properties: { mediaType: { type: "string" }, operation: { type: "string", enum: ["extract", "copy"] } } },
      provider: { type: "string", enum: ["generic", "aws", "azure", "gcp"], default: "generic" },
      proxySecretRef: { $ref: "LocalObjectReference" },
      ref: {
        type: "object",
        properties: { digest: { type: "string" }, semver: { type: "string" }, semverFilter: { type: "string" }, tag: { type: "string" } },
      },
      secretRef: { $ref: "LocalObjectReference" },
      serviceAccountName: { type: "string" },
      suspend: { type: "boolean" },
      timeout: { type: "string", default: "60s", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" },
      url: { type: "string", pattern: "^oci://.*$" },
      verify: {
        type: "object",
        required: ["provider"],
        properties: {
          matchOIDCIdentity: {
            type: "array",
            items: {
              type: "object",
              required: ["issuer", "subject"],
              properties: { issuer: { type: "string" }, subject: { type: "string" } },
            },
          },
          provider: { type: "string", enum: ["cosign", "notation"], default: "cosign" },
          secretRef: { $ref: "LocalObjectReference" },
          trustedRootSecretRef: { $ref: "LocalObjectReference" },
        },
      },
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
      observedIgnore: { type: "string" },
      observedLayerSelector: { type: "object", properties: { mediaType: { type: "string" }, operation: { type: "string", enum: ["extract", "copy"] } } },
      url: { type: "string" },
    },
  },
} as const;

export type OCIRepositorySpec = FromSchema<(typeof OCI_REPOSITORY)["spec"]>;
export type OCIRepositoryStatus = FromSchema<(typeof OCI_REPOSITORY)["status"]>;

export interface OCIRepository extends LiveObject {
  readonly spec: OCIRepositorySpec;
  readonly status?: OCIRepositoryStatus;
}
