import type { EXTERNAL_ARTIFACT } from "../kinds/external-artifact.ts";
import type { KindDescriptionsOf } from "./descriptions.ts";

/** What `kubectl explain externalartifact` says. */
export const EXTERNAL_ARTIFACT_DESCRIPTIONS: KindDescriptionsOf<typeof EXTERNAL_ARTIFACT> = {
  spec: [
    "What the artifact belongs to. Not supported yet as a source: a Kustomization that names an ExternalArtifact is refused.",
    {
      sourceRef: [
        "Object that the artifact was made of, for those who look for it.",
        {
          apiVersion: "API version of the object.",
          kind: "Kind of the object.",
          name: "Name of the object.",
          namespace: "Namespace of the object; this one's own by default.",
        },
      ],
    },
  ],
  status: [
    "Written by the controller that makes the artifact; none of Plumb's does.",
    { artifact: "The artifact, and where it is fetched from.", conditions: "Ready, and whatever else that controller says." },
  ],
};
