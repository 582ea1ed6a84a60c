import type { ALERT } from "../kinds/alert.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";

/** What `kubectl explain alert` says. */
export const ALERT_DESCRIPTIONS: KindDescriptionsOf<typeof ALERT> = {
  spec: [
    "Which events go to which Provider. An event must pass every field.",
    {
      eventMetadata: "Metadata to add to each event, by key. It wins over that of the object's annotations, and that of the object's controller wins over it.",
      eventSeverity: "error forwards what has failed only; info (default) forwards everything.",
      eventSources: [
        "Objects whose events are forwarded; one match is enough.",
        {
          apiVersion: "API version of the object. Not looked at, for the kind says it all.",
          kind: "Kind of the object.",
          matchLabels: "Labels that the object must have when the event comes; unset, any will do.",
          name: "Name of the object, or * for every one.",
          namespace: "Namespace of the object; the Alert's own by default. Events of another are dropped where the controller has --no-cross-namespace-refs.",
        },
      ],
      exclusionList: "Regular expressions in the syntax of RE2. An event whose message matches one is not forwarded, whatever inclusionList says.",
      inclusionList:
        "Regular expressions in the syntax of RE2. Where there are any, the message of an event must match one; one that is not valid is left out.",
      providerRef: "Provider to send to, in the same namespace.",
      summary: "Deprecated: use the key summary of spec.eventMetadata, over which this wins. At most 255 characters.",
      suspend: "Forwards nothing until it is false again; events that come meanwhile are not sent later. Default: false.",
    },
  ],
};
