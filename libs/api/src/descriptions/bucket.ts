import type { BUCKET } from "../kinds/bucket.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";
import { HANDLED_AT, OBSERVED_GENERATION } from "./shared.ts";

/** What `kubectl explain bucket` says. */
export const BUCKET_DESCRIPTIONS: KindDescriptionsOf<typeof BUCKET> = {
  spec: [
    "Where the bucket is, what of it to take and how often to look.",
    {
      bucketName: "Name of the bucket.",
      certSecretRef: "Secret with ca.crt, and tls.crt with tls.key where they are needed; for the provider generic.",
      endpoint: "Host of the storage service, with its port where that is not the usual one.",
      ignore: "Objects to leave out, in the syntax of .gitignore; counts after the .sourceignore at the root of the bucket.",
      insecure: "Goes over plain http. Default: false.",
      interval: "Time between two looks at the bucket, such as 5m or 1h30m.",
      prefix: "Takes only objects whose name begins so.",
      provider: "Whose service it is: generic (default, for what is compatible with S3), aws, gcp or azure.",
      proxySecretRef: "Secret with the address of a proxy, and its username and password where it needs them.",
      region: "Region of the bucket, where its service has several.",
      secretRef: "Secret with static credentials: accesskey and secretkey, or what the provider needs instead. Excludes serviceAccountName.",
      serviceAccountName: "ServiceAccount of the same namespace to sign in as; not with the provider generic. Excludes secretRef.",
      sts: [
        "Service that gives out credentials for a short time; only with the providers aws and generic.",
        {
          certSecretRef: "Secret with ca.crt, and tls.crt with tls.key where they are needed; only with ldap.",
          endpoint: "Address of the service, http or https.",
          provider: "How it works: aws with the Bucket provider aws, ldap with generic.",
          secretRef: "Secret with username and password; only with ldap.",
        },
      ],
      suspend: "Stops looking at the bucket until it is false again; what was stored last is still served. Default: false.",
      timeout: "Longest time for reading the bucket, such as 30s or 5m, without hours. Default: 60s.",
    },
  ],
  status: [
    "What was found and stored.",
    {
      artifact: "The artifact that is served.",
      conditions: "Ready, and what else is true of the Bucket.",
      lastHandledReconcileAt: HANDLED_AT,
      observedGeneration: OBSERVED_GENERATION,
      observedIgnore: "The spec.ignore that the artifact was made with.",
      url: "Address of the newest artifact, which stays the same.",
    },
  ],
};
