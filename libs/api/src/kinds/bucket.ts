import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of Bucket: its type, its CustomResourceDefinition and its model come from this value. */
export const BUCKET = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "Bucket",
  plural: "buckets",
  shortNames: [],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Produces an artifact from the objects in a bucket of an S3 compatible storage. No controller of Plumb serves it yet.",
  columns: [
    { name: "Endpoint", type: "string", jsonPath: ".spec.endpoint" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["bucketName", "endpoint", "interval"],
    "x-kubernetes-validations": [
      {
        rule: "self.provider == 'aws' || self.provider == 'generic' || !has(self.sts)",
        message: "STS configuration is only supported for the 'aws' and 'generic' Bucket providers",
      },
      {
        rule: "self.provider != 'aws' || !has(self.sts) || self.sts.provider == 'aws'",
        message: "'aws' is the only supported STS provider for the 'aws' Bucket provider",
      },
      {
        rule: "self.provider != 'generic' || !has(self.sts) || self.sts.provider == 'ldap'",
        message: "'ldap' is the only supported STS provider for the 'generic' Bucket provider",
      },
      {
        rule: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)",
        message: "spec.sts.secretRef is not required for the 'aws' STS provider",
      },
      {
        rule: "!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)",
        message: "spec.sts.certSecretRef is not required for the 'aws' STS provider",
      },
      {
        rule: "self.provider != 'generic' || !has(self.serviceAccountName)",
        message: "ServiceAccountName is not supported for the 'generic' Bucket provider",
      },
      {
        rule: "!has(self.secretRef) || !has(self.serviceAccountName)",
        message: "cannot set both .spec.secretRef and .spec.serviceAccountName",
      },
    ],
    properties: {
      bucketName: { type: "string" },
      certSecretRef: { $ref: "LocalObjectReference" },
      endpoint: { type: "string" },
      ignore: { type: "string" },
      insecure: { type: "boolean" },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      prefix: { type: "string" },
      provider: { type: "string", enum: ["generic", "aws", "gcp", "azure"], default: "generic" },
      proxySecretRef: { $ref: "LocalObjectReference" },
      region: { type: "string" },
      secretRef: { $ref: "LocalObjectReference" },
      serviceAccountName: { type: "string" },
      sts: {
        type: "object",
        required: ["endpoint", "provider"],
        properties: {
          certSecretRef: { $ref: "LocalObjectReference" },
          endpoint: { type: "string", pattern: "^(http|https)://.*$" },
          provider: { type: "string", enum: ["aws", "ldap"] },
          secretRef: { $ref: "LocalObjectReference" },
        },
      },
      suspend: { type: "boolean" },
      timeout: { type: "string", default: "60s", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" },
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
      url: { type: "string" },
    },
  },
} as const;

export type BucketSpec = FromSchema<(typeof BUCKET)["spec"]>;
export type BucketStatus = FromSchema<(typeof BUCKET)["status"]>;

export interface Bucket extends LiveObject {
  readonly spec: BucketSpec;
  readonly status?: BucketStatus;
}
