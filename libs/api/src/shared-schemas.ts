/** Shapes that kinds share, by the name that `$ref` gives them. */
export const SHARED_SCHEMAS = {
  EventSourceKind: {
    type: "string",
    enum: [
      "Bucket", "GitRepository", "Kustomization", "HelmRelease", "HelmChart", "HelmRepository", "ImageRepository", "ImagePolicy",
      "ImageUpdateAutomation", "OCIRepository", "ArtifactGenerator", "ExternalArtifact",
    ],
  },
  LocalObjectReference: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
  Condition: {
    type: "object",
    required: ["lastTransitionTime", "message", "reason", "status", "type"],
    properties: {
      lastTransitionTime: { type: "string", format: "date-time" },
      message: { type: "string", maxLength: 32768 },
      observedGeneration: { type: "integer", format: "int64", minimum: 0 },
      reason: { type: "string", pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", minLength: 1, maxLength: 1024 },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      type: {
        type: "string",
        pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        maxLength: 316,
      },
    },
  },
  Artifact: {
    type: "object",
    required: ["digest", "lastUpdateTime", "path", "revision", "url"],
    properties: {
      digest: { type: "string", pattern: "^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$" },
      lastUpdateTime: { type: "string", format: "date-time" },
      metadata: { type: "object", additionalProperties: { type: "string" } },
      path: { type: "string" },
      revision: { type: "string" },
      size: { type: "integer", format: "int64" },
      url: { type: "string" },
    },
  },
  Snapshot: {
    type: "object",
    required: ["digest", "firstReconciled", "lastReconciled", "lastReconciledDuration", "lastReconciledStatus", "totalReconciliations"],
    properties: {
      digest: { type: "string" },
      firstReconciled: { type: "string", format: "date-time" },
      lastReconciled: { type: "string", format: "date-time" },
      lastReconciledDuration: { type: "string" },
      lastReconciledStatus: { type: "string" },
      metadata: { type: "object", additionalProperties: { type: "string" } },
      totalReconciliations: { type: "integer", format: "int64" },
    },
  },
  Selector: {
    type: "object",
    properties: {
      annotationSelector: { type: "string" },
      group: { type: "string" },
      kind: { type: "string" },
      labelSelector: { type: "string" },
      name: { type: "string" },
      namespace: { type: "string" },
      version: { type: "string" },
    },
  },
} as const;
