import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of ExternalArtifact: its type, its CustomResourceDefinition and its model come from this value. */
export const EXTERNAL_ARTIFACT = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  kind: "ExternalArtifact",
  plural: "externalartifacts",
  shortNames: ["ea"],
  categories: ["all", "fluxcd", "fluxcd-sources"],
  description: "Announces an artifact that a third-party controller has produced.",
  columns: [
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
    { name: "Source", type: "string", jsonPath: ".spec.sourceRef.name" },
  ],
  spec: {
    type: "object",
    properties: {
      sourceRef: {
        type: "object",
        required: ["kind", "name"],
        properties: { apiVersion: { type: "string" }, kind: { type: "string" }, name: { type: "string" }, namespace: { type: "string" } },
      },
    },
  },
  status: { type: "object", properties: { artifact: { $ref: "Artifact" }, conditions: { type: "array", items: { $ref: "Condition" } } } },
} as const;

export type ExternalArtifactSpec = FromSchema<(typeof EXTERNAL_ARTIFACT)["spec"]>;
export type ExternalArtifactStatus = FromSchema<(typeof EXTERNAL_ARTIFACT)["status"]>;

export interface ExternalArtifact extends LiveObject {
  readonly spec: ExternalArtifactSpec;
  readonly status?: ExternalArtifactStatus;
}
