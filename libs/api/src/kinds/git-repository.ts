import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of GitRepository: its type, its CustomResourceDefinition and its model come from this value. */
export const GIT_REPOSITORY = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "GitRepository",
  plural: "gitrepositories",
  shortNames: ["gitrepo"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Produces an artifact from a branch, tag or commit of a Git repository.",
  columns: [
    { name: "URL", type: "string", jsonPath: ".spec.url" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["interval", "url"],
    "x-kubernetes-validations": [
      {
        rule: "!has(self.serviceAccountName) || (has(self.provider) && (self.provider == 'azure' || self.provider == 'aws'))",
        message: "serviceAccountName can only be set when provider is 'azure' or 'aws'",
      },
    ],
    properties: {
      ignore: { type: "string" },
      include: {
        type: "array",
        items: {
          type: "object",
          required: ["repository"],
          properties: { fromPath: { type: "string" }, repository: { $ref: "LocalObjectReference" }, toPath: { type: "string" } },
        },
      },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      provider: { type: "string", enum: ["generic", "aws", "azure", "github"] },
      proxySecretRef: { $ref: "LocalObjectReference" },
      recurseSubmodules: { type: "boolean" },
      ref: {
        type: "object",
        properties: {
          branch: { type: "string" },
          commit: { type: "string" },
          name: { type: "string" },
          semver: { type: "string" },
          tag: { type: "string" },
        },
      },
      secretRef: { $ref: "LocalObjectReference" },
      serviceAccountName: { type: "string" },
      sparseCheckout: { type: "array", items: { type: "string" } },
      suspend: { type: "boolean" },
      timeout: { type: "string", default: "60s", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" },
      url: { type: "string", pattern: "^(http|https|ssh)://.*$" },
      verify: {
        type: "object",
        required: ["secretRef"],
        properties: {
          mode: { type: "string", enum: ["head", "HEAD", "Tag", "TagAndHEAD"], default: "HEAD" },
          secretRef: { $ref: "LocalObjectReference" },
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
      includedArtifacts: { type: "array", items: { $ref: "Artifact" } },
      lastHandledReconcileAt: { type: "string" },
      observedGeneration: { type: "integer", format: "int64" },
      observedIgnore: { type: "string" },
      observedInclude: {
        type: "array",
        items: {
          type: "object",
          required: ["repository"],
          properties: { fromPath: { type: "string" }, repository: { $ref: "LocalObjectReference" }, toPath: { type: "string" } },
        },
      },
      observedRecurseSubmodules: { type: "boolean" },
      observedSparseCheckout: { type: "array", items: { type: "string" } },
      sourceVerificationMode: { type: "string" },
    },
  },
} as const;

export type GitRepositorySpec = FromSchema<(typeof GIT_REPOSITORY)["spec"]>;
export type GitRepositoryStatus = FromSchema<(typeof GIT_REPOSITORY)["status"]>;

export interface GitRepository extends LiveObject {
  readonly spec: GitRepositorySpec;
  readonly status?: GitRepositoryStatus;
}
