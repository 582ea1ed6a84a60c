import type { PROVIDER } from "../kinds/provider.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";

/** What `kubectl explain provider` says. */
export const PROVIDER_DESCRIPTIONS: KindDescriptionsOf<typeof PROVIDER> = {
  spec: [
    "Which service to send to, and how to reach it. Looked at when there is an event to send: what is wrong is told in an event of the Alert.",
    {
      address: "URL of the service, http or https, at most 2048 characters. The key address of the Secret wins over it. Redirects are not followed.",
      certSecretRef: "Secret with ca.crt, trusted instead of the well-known authorities, or tls.crt with tls.key to sign in by, or all three.",
      channel: "Channel to post to, at most 2048 characters. Used by the type slack.",
      commitStatusExpr: "CEL expression for the name of a commit status; only with the types that write such statuses, none of which is supported yet.",
      interval: "Deprecated, and of no effect.",
      proxy: "Deprecated: use spec.proxySecretRef. HTTP proxy to go through, at most 2048 characters; the key proxy of the Secret wins over it.",
      proxySecretRef: "Secret with the address of an HTTP proxy, and its username and password where it needs them. Wins over every other way to name one.",
      secretRef:
        "Secret with token, or username and password, and with headers (a YAML map), address and proxy where they are not for everybody's eyes. The token of generic-hmac is the key to sign with.",
      serviceAccountName: "ServiceAccount of the same namespace to sign in as. Not supported yet: nothing is sent through a Provider that sets it.",
      suspend: "Sends nothing until it is false again; events that come meanwhile are not sent later. Default: false.",
      timeout: "Longest time for one try to send, such as 10s or 2m, without hours. Default: 15s.",
      type: "Kind of service. Supported are slack, generic and generic-hmac; not supported yet is every other one: nothing is sent through it.",
      username:
        "Name to post as with the type slack, at most 2048 characters; by default the controller that the event is from. That of a Secret with username and password wins over it.",
    },
  ],
};
