import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of Alert: its type, its CustomResourceDefinition and its model come from this value. */
export const ALERT = {
  group: "notification.toolkit.fluxcd.io",
  version: "v1beta3",
  kind: "Alert",
  plural: "alerts",
  shortNames: [],
  categories: ["all", "fluxcd", "fluxcd-notifications"],
  description: "Says which events are forwarded to which provider.",
  columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
  spec: {
    type: "object",
    required: ["eventSources", "providerRef"],
    properties: {
      eventMetadata: { type: "object", additionalProperties: { type: "string" } },
      eventSeverity: { type: "string", enum: ["info", "error"], default: "info" },
      eventSources: {
        type: "array",
        items: {
          type: "object",
          required: ["kind", "name"],
          properties: {
            apiVersion: { type: "string" },
            kind: { $ref: "EventSourceKind" },
            matchLabels: { type: "object", additionalProperties: { type: "string" } },
            name: { type: "string", minLength: 1, maxLength: 253 },
            namespace: { type: "string", minLength: 1, maxLength: 253 },
          },
        },
      },
      exclusionList: { type: "array", items: { type: "string" } },
      inclusionList: { type: "array", items: { type: "string" } },
      providerRef: { $ref: "LocalObjectReference" },
      summary: { type: "string", maxLength: 255 },
      suspend: { type: "boolean" },
    },
  },
} as const;

export type AlertSpec = FromSchema<(typeof ALERT)["spec"]>;

export interface Alert extends LiveObject {
  readonly spec: AlertSpec;
}
