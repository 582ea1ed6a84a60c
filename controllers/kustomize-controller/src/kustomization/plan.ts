import { REASON, type Artifact, type Kustomization, type KustomizationStatus } from "@plumb/api";
import type { Outcome, Report, Verdict } from "@plumb/runtime";
import { formatDuration } from "@plumb/std";
import type { KustomizationSeen } from "./observe.ts";
import { artifactMetadata, originRevisionOf } from "./revision-metadata.ts";
import { retryMs, timeoutMs, unsupportedField } from "./spec.ts";

export interface KustomizationPlan {
  readonly artifact: Artifact;
  /** Revision of what the artifact was made from, where the source says (K-017). */
  readonly originRevision: string | undefined;
  readonly timeoutMs: number;
}

type Stalled = Extract<Outcome, { kind: "stalled" }>;

/** Decides whether there is something to apply, and says what is missing where there is not. Pure. */
export function planKustomization(
  obj: Kustomization,
  { source, unmet, requeueDependencyMs }: KustomizationSeen,
): Verdict<KustomizationPlan, KustomizationStatus> {
  const unsupported = unsupportedField(obj.spec);
  if (unsupported !== undefined) {
    return stall(notSupported(unsupported));
  }
  switch (source.kind) {
    case "refused":
      return stall({ kind: "stalled", reason: REASON.AccessDenied, message: source.message });
    case "unsupported":
      return stall(notSupported(`spec.sourceRef.kind ${source.sourceKind}`));
    case "absent":
      return halt(waiting(REASON.ArtifactFailed, source.message, retryMs(obj)));
    case "without-artifact":
      return halt(waiting(REASON.ArtifactFailed, `Source artifact not found, retrying in ${formatDuration(requeueDependencyMs)}`, requeueDependencyMs));
    case "ready": {
      if (unmet !== undefined) return haltForDependency(obj, unmet, requeueDependencyMs, source.artifact);
      return { kind: "proceed", plan: { artifact: source.artifact, originRevision: originRevisionOf(source.artifact), timeoutMs: timeoutMs(obj) } };
    }
    default:
      return source satisfies never;
  }
}

/** People are told once, not each time the dependency is looked at again. */
function haltForDependency(obj: Kustomization, unmet: string, retryInMs: number, artifact: Artifact): Verdict<KustomizationPlan, KustomizationStatus> {
  const isTold = obj.status?.conditions?.some(({ type, reason }) => type === "Ready" && reason === REASON.DependencyNotReady) ?? false;
  const message = `Dependencies do not meet ready condition, retrying in ${formatDuration(retryInMs)}`;
  const metadata = artifactMetadata(artifact);
  const report = reportOf(waiting(REASON.DependencyNotReady, unmet, retryInMs));
  return { kind: "halt", report: isTold ? report : { ...report, notices: [{ severity: "info", reason: REASON.DependencyNotReady, message, metadata }] } };
}

function notSupported(field: string): Stalled {
  return { kind: "stalled", reason: REASON.FeatureNotSupported, message: `${field} is not supported by this version of kustomize-controller` };
}

/** Nothing is tried again until somebody changes the object, so people are told each time. */
function stall(outcome: Stalled): Verdict<KustomizationPlan, KustomizationStatus> {
  const { reason, message } = outcome;
  return { kind: "halt", report: { ...reportOf(outcome), notices: [{ severity: "error", reason, message, isDurable: true }] } };
}

function waiting(reason: string, message: string, retryInMs: number): Outcome {
  return { kind: "waiting", ready: "False", reason, message, retryInMs };
}

function halt(outcome: Outcome): Verdict<KustomizationPlan, KustomizationStatus> {
  return { kind: "halt", report: reportOf(outcome) };
}

function reportOf(outcome: Outcome): Report<KustomizationStatus> {
  return { outcome, status: {}, conditions: {}, notices: [] };
}
