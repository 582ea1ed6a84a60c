/** Reasons of conditions that every kind may use (C-011), and `FeatureNotSupported`, which only Plumb says. */
export const REASON = {
  Succeeded: "Succeeded",
  Progressing: "Progressing",
  DependencyNotReady: "DependencyNotReady",
  PruneFailed: "PruneFailed",
  ArtifactFailed: "ArtifactFailed",
  BuildFailed: "BuildFailed",
  HealthCheckFailed: "HealthCheckFailed",
  ReconciliationSucceeded: "ReconciliationSucceeded",
  ReconciliationFailed: "ReconciliationFailed",
  AccessDenied: "AccessDenied",
  /** The CRD admits a field or a value that this controller does not act on: refused, never ignored. */
  FeatureNotSupported: "FeatureNotSupported",
} as const;
