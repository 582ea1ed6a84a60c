import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of Receiver: its type, its CustomResourceDefinition and its model come from this value. */
export const RECEIVER = {
  group: "notification.toolkit.fluxcd.io",
  version: "v1",
  kind: "Receiver",
  plural: "receivers",
  shortNames: [],
  categories: ["all", "fluxcd", "fluxcd-notifications"],
  description: "Turns web-hook requests into reconciliations of the objects it names.",
  columns: [
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Status", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].message' },
  ],
  spec: {
    type: "object",
    required: ["resources", "type"],
    "x-kubernetes-validations": [
      {
        rule: "self.type != 'generic-oidc' || (has(self.oidcProviders) && size(self.oidcProviders) > 0)",
        message: "generic-oidc receivers must define at least one oidcProvider",
      },
      {
        rule: "self.type == 'generic-oidc' || !has(self.oidcProviders) || size(self.oidcProviders) == 0",
        message: "oidcProviders can only be set when type is generic-oidc",
      },
      { rule: "self.type != 'generic-oidc' || !has(self.secretRef)", message: "secretRef cannot be set when type is generic-oidc" },
      { rule: "self.type == 'generic-oidc' || has(self.secretRef)", message: "secretRef is required when type is not generic-oidc" },
    ],
    properties: {
      events: { type: "array", items: { type: "string" } },
      interval: { type: "string", default: "10m", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      oidcProviders: {
        type: "array",
        "x-kubernetes-list-map-keys": ["issuerURL"],
        "x-kubernetes-list-type": "map",
        items: {
          type: "object",
          required: ["issuerURL", "validations"],
          properties: {
            audience: { type: "string" },
            issuerURL: { type: "string", pattern: "^https?://" },
            validations: {
              type: "array",
              minItems: 1,
              items: {
                type: "object",
                required: ["expression", "message"],
                properties: { expression: { type: "string" }, message: { type: "string" } },
              },
            },
            variables: {
              type: "array",
              items: {
                type: "object",
                required: ["expression", "name"],
                properties: { expression: { type: "string" }, name: { type: "string" } },
              },
            },
          },
        },
      },
      resourceFilter: { type: "string" },
      resources: {
        type: "array",
        items: {
          type: "object",
          required: ["kind", "name"],
          properties: {
            apiVersion: { type: "string" },
            filter: { type: "string" },
            kind: { $ref: "EventSourceKind" },
            matchLabels: { type: "object", additionalProperties: { type: "string" } },
            name: { type: "string", minLength: 1, maxLength: 253 },
            namespace: { type: "string", minLength: 1, maxLength: 253 },
          },
        },
      },
      secretRef: { $ref: "LocalObjectReference" },
      suspend: { type: "boolean" },
      type: {
        type: "string",
        enum: ["generic", "generic-hmac", "generic-oidc", "github", "gitlab", "bitbucket", "harbor", "dockerhub", "quay", "gcr", "nexus", "acr", "cdevents"],
      },
    },
  },
  status: {
    type: "object",
    default: { observedGeneration: -1 },
    properties: {
      conditions: { type: "array", items: { $ref: "Condition" } },
      lastHandledReconcileAt: { type: "string" },
      observedGeneration: { type: "integer", format: "int64" },
      webhookPath: { type: "string" },
    },
  },
} as const;

export type ReceiverSpec = FromSchema<(typeof RECEIVER)["spec"]>;
export type ReceiverStatus = FromSchema<(typeof RECEIVER)["status"]>;

export interface Receiver extends LiveObject {
  readonly spec: ReceiverSpec;
  readonly status?: ReceiverStatus;
}
