import type { FromSchema } from "../json-schema.ts";
import type { LiveObject } from "../manifest.ts";

/** The one source of Provider: its type, its CustomResourceDefinition and its model come from this value. */
export const PROVIDER = {
  group: "notification.toolkit.fluxcd.io",
  version: "v1beta3",
  kind: "Provider",
  plural: "providers",
  shortNames: [],
  categories: ["all", "fluxcd", "fluxcd-notifications"],
  description: "Names a service that events are forwarded to, and how to reach it.",
  columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
  spec: {
    type: "object",
    required: ["type"],
    "x-kubernetes-validations": [
      {
        rule: "self.type == 'github' || self.type == 'gitlab' || self.type == 'gitea' || self.type == 'bitbucketserver' || self.type == 'bitbucket' || self.type == 'azuredevops' || !has(self.commitStatusExpr)",
        message: "spec.commitStatusExpr is only supported for the 'github', 'gitlab', 'gitea', 'bitbucketserver', 'bitbucket', 'azuredevops' provider types",
      },
    ],
    properties: {
      address: { type: "string", maxLength: 2048 },
      certSecretRef: { $ref: "LocalObjectReference" },
      channel: { type: "string", maxLength: 2048 },
      commitStatusExpr: { type: "string" },
      interval: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" },
      proxy: { type: "string", pattern: "^(http|https)://.*$", maxLength: 2048 },
      proxySecretRef: { $ref: "LocalObjectReference" },
      secretRef: { $ref: "LocalObjectReference" },
      serviceAccountName: { type: "string" },
      suspend: { type: "boolean" },
      timeout: { type: "string", pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" },
      type: {
        type: "string",
        enum: [
          "slack",
          "discord",
          "msteams",
          "rocket",
          "generic",
          "generic-hmac",
          "github",
          "gitlab",
          "gitea",
          "giteapullrequestcomment",
          "bitbucketserver",
          "bitbucket",
          "azuredevops",
          "googlechat",
          "googlepubsub",
          "webex",
          "sentry",
          "azureeventhub",
          "telegram",
          "lark",
          "matrix",
          "opsgenie",
          "alertmanager",
          "grafana",
          "githubdispatch",
          "githubpullrequestcomment",
          "gitlabmergerequestcomment",
          "pagerduty",
          "datadog",
          "nats",
          "zulip",
          "otel",
        ],
      },
      username: { type: "string", maxLength: 2048 },
    },
  },
} as const;

export type ProviderSpec = FromSchema<(typeof PROVIDER)["spec"]>;

export interface Provider extends LiveObject {
  readonly spec: ProviderSpec;
}
