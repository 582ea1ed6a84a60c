import type { RECEIVER } from "../kinds/receiver.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

const REFUSED = "Not supported yet: a Receiver that sets it is refused.";

/** What `kubectl explain receiver` says. */
export const RECEIVER_DESCRIPTIONS: KindDescriptionsOf<typeof RECEIVER> = {
  spec: [
    "Which web-hook requests are taken, and what is reconciled then.",
    {
      events: "Names of events to act on, such as push, in upper or lower case; unset or empty, all. Looked at with the type github.",
      interval: "Time between two looks at the Secret, such as 10m or 1h. Default: 10m.",
      oidcProviders: [
        `Issuers whose tokens prove a request; needed with the type generic-oidc and not allowed with others. ${REFUSED}`,
        {
          audience: "Audience that a token must be meant for. Default: notification-controller.",
          issuerURL: "Address of the issuer, http or https, as it stands in its tokens. Only one entry may have it.",
          validations: [
            "Conditions on a token, at least one; all must hold.",
            { expression: "CEL expression over claims and vars that has to be true.", message: "What is said where it is not." },
          ],
          variables: [
            "Values to work out first, one after the other.",
            { expression: "CEL expression over claims and the vars before it.", name: "Name of the value in vars." },
          ],
        },
      ],
      resourceFilter: `CEL expression over res and req; only resources for which it is true are reconciled. ${REFUSED}`,
      resources: [
        "Objects to reconcile when a request is taken. All are tried even where one fails.",
        {
          apiVersion:
            "API version of the object. Needed for Kustomization, HelmRelease, ExternalArtifact, ImagePolicy and ImageUpdateAutomation; others have a default.",
          filter: `As spec.resourceFilter, for this entry alone. ${REFUSED}`,
          kind: "Kind of the object.",
          matchLabels: "Labels of the objects to reconcile; needed with the name *, where an empty map means all, and not looked at with any other.",
          name: "Name of the object, or * for those that matchLabels selects.",
          namespace: "Namespace of the object; the Receiver's own by default. Another fails where the controller has --no-cross-namespace-refs.",
        },
      ],
      secretRef:
        "Secret whose key token proves requests and makes up the path; in the same namespace. Needed with every type but generic-oidc, which excludes it.",
      suspend: "Answers requests with 503 until it is false again. Default: false.",
      type: "Who sends and how it is proven: generic by nothing but the path, generic-hmac by X-Signature, github by X-Hub-Signature-256. Not supported yet is every other type: refused.",
    },
  ],
  status: [
    "Where requests go.",
    {
      conditions: "Ready; Reconciling and Stalled while they are true.",
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
      webhookPath: "Path to send requests to: /hook/<hash>. Another token makes another path. Absent as long as the Receiver cannot be served.",
    },
  ],
};
