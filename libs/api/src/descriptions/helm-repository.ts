import type { HELM_REPOSITORY } from "../kinds/helm-repository.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

/** What `kubectl explain helmrepository` says. */
export const HELM_REPOSITORY_DESCRIPTIONS: KindDescriptionsOf<typeof HELM_REPOSITORY> = {
  spec: [
    "Where the charts are and how often to look.",
    {
      accessFrom: [
        "Which namespaces may use the repository. Without effect, in Flux too.",
        { namespaceSelectors: ["Namespaces, by their labels.", { matchLabels: "Labels that a namespace must have; an empty map means every one." }] },
      ],
      certSecretRef: "Secret with ca.crt, and tls.crt with tls.key where they are needed.",
      insecure: "Goes over plain http; with the type oci. Default: false.",
      interval: "Time between two looks at the index, such as 5m or 1h30m. Default: 1m.",
      passCredentials: "Signs in with the same credentials where the index names charts on other hosts. Default: false.",
      provider: "How to sign in with the type oci: generic (default) by secretRef; aws, azure and gcp by an identity of that cloud.",
      secretRef: "Secret with username and password.",
      suspend: "Stops looking at the index until it is false again; what was stored last is still served. Default: false.",
      timeout: "Longest time for fetching the index, such as 30s or 5m, without hours. Default: 60s.",
      type: "default, also when unset, for a repository with an index; oci for a registry, which is looked at only when a chart is taken from it.",
      url: "Address of the repository: http or https, and oci with the type oci.",
    },
  ],
  status: [
    "What was found and stored.",
    {
      artifact: "The index that is served.",
      conditions: "Ready, and what else is true of the HelmRepository.",
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
      url: "Address of the newest index, which stays the same.",
    },
  ],
};
