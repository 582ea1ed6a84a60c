import type { OCI_REPOSITORY } from "../kinds/oci-repository.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

/** What `kubectl explain ocirepository` says. */
export const OCI_REPOSITORY_DESCRIPTIONS: KindDescriptionsOf<typeof OCI_REPOSITORY> = {
  spec: [
    "Where the image is, which of its versions to follow and how often to look.",
    {
      certSecretRef: "Secret with ca.crt, and tls.crt with tls.key where they are needed.",
      ignore: "Files to leave out of the artifact, in the syntax of .gitignore; counts after every .sourceignore. Not for layers that are copied.",
      insecure: "Goes over plain http. Default: false.",
      interval: "Time between two looks at the registry, such as 5m or 1h30m.",
      layerSelector: [
        "Which layer of the image to take, and what to do with it.",
        {
          mediaType: "Takes the first layer of just this media type; by default the first of all.",
          operation: "extract (default) unpacks the layer and packs the artifact anew; copy keeps the layer as it is.",
        },
      ],
      provider: "How to sign in: generic (default) by secretRef or serviceAccountName; aws, azure and gcp by an identity of that cloud.",
      proxySecretRef: "Secret with the address of a proxy, and its username and password where it needs them.",
      ref: [
        "Which version to take: the first that is set of digest, semver and tag. Default: the tag latest.",
        {
          digest: "Digest to stay at, such as sha256:<hex>.",
          semver: "Range of versions, such as 1.x or ~2.1; the highest tag in it is taken.",
          semverFilter: "Regular expression that picks the tags that semver chooses from.",
          tag: "Tag to follow.",
        },
      ],
      secretRef: "Secret of the type kubernetes.io/dockerconfigjson to sign in with. Wins over provider.",
      serviceAccountName: "ServiceAccount of the same namespace whose pull secrets, or with a cloud's provider whose identity, sign in.",
      suspend: "Stops looking at the registry until it is false again; what was stored last is still served. Default: false.",
      timeout: "Longest time for one operation on the registry, such as 30s or 5m, without hours. Default: 60s.",
      url: "Address of the repository, oci://<host>/<path>, without tag and digest.",
      verify: [
        "Takes only what is signed by somebody trusted.",
        {
          matchOIDCIdentity: [
            "Who may have signed without a key; one match is enough, and unset everybody may.",
            { issuer: "Regular expression for the issuer of the signer's token.", subject: "Regular expression for the subject of the signer's token." },
          ],
          provider: "What it was signed with: cosign (default) or notation.",
          secretRef: "Secret with public keys (*.pub), or with trustpolicy.json and certificates for notation. Unset, cosign verifies without a key.",
          trustedRootSecretRef: "Secret with trusted_root.json of a Sigstore of one's own; by default the public one is trusted.",
        },
      ],
    },
  ],
  status: [
    "What was found and stored.",
    {
      artifact: "The artifact that is served.",
      conditions: "Ready, and what else is true of the OCIRepository.",
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
      observedIgnore: "The spec.ignore that the artifact was made with.",
      observedLayerSelector: [
        "The spec.layerSelector that the artifact was made with.",
        { mediaType: "Media type that was asked for.", operation: "What was done with it." },
      ],
      url: "Address of the newest artifact, which stays the same.",
    },
  ],
};
