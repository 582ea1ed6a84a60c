import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of HelmChart: its type, its CustomResourceDefinition and its model come from this value. */
export const HELM_CHART = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "HelmChart",
  plural: "helmcharts",
  shortNames: ["hc"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Produces an artifact that holds one packaged Helm chart. No controller of Plumb serves it yet.",
  columns: [
    { name: "Chart", type: "string", jsonPath: ".spec.chart" },
    { name: "Version", type: "string", jsonPath: ".spec.version" },
    { name: "Source Kind", type: "string", jsonPath: ".spec.sourceRef.kind" },
    { name: "Source Name", type: "string", jsonPath: ".spec.sourceRef.name" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["chart", "interval", "sourceRef"],
    "x-kubernetes-validations": [
      {
        rule: "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        message: "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'",
      },
    ],
    properties: {
      chart: { type: "string" },
      ignoreMissingValuesFiles: { type: "boolean" },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      reconcileStrategy: { type: "string", enum: ["ChartVersion", "Revision"], default: "ChartVersion" },
      sourceRef: {
        type: "object",
        required: ["kind", "name"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string", enum: ["HelmRepository", "GitRepository", "Bucket"] },
          name: { type: "string" },
        },
      },
      suspend: { type: "boolean" },
      valuesFiles: { type: "array", items: { type: "string" } },
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
        },
      },
      version: { type: "string", default: "*" },
    },
  },
  status: {
    type: "object",
    default: { observedGeneration: -1 },
    properties: {
      artifact: { $ref: "Artifact" },
      conditions: { type: "array", items: { $ref: "Condition" } },
      lastHandledReconcileAt: { type: "string" },
      observedChartName: { type: "string" },
      observedGeneration: { type: "integer", format: "int64" },
      observedSourceArtifactRevision: { type: "string" },
      observedValuesFiles: { type: "array", items: { type: "string" } },
      url: { type: "string" },
    },
  },
} as const;

export type HelmChartSpec = FromSchema<(typeof HELM_CHART)["spec"]>;
export type HelmChartStatus = FromSchema<(typeof HELM_CHART)["status"]>;

export interface HelmChart extends LiveObject {
  readonly spec: HelmChartSpec;
  readonly status?: HelmChartStatus;
}
