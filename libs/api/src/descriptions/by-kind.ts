import { ALERT_DESCRIPTIONS } from "./alert.ts";
import { BUCKET_DESCRIPTIONS } from "./bucket.ts";
import type { Description } from "./descriptions.ts";
import { EXTERNAL_ARTIFACT_DESCRIPTIONS } from "./external-artifact.ts";
import { GIT_REPOSITORY_DESCRIPTIONS } from "./git-repository.ts";
import { HELM_CHART_DESCRIPTIONS } from "./helm-chart.ts";
import { HELM_REPOSITORY_DESCRIPTIONS } from "./helm-repository.ts";
import { KUSTOMIZATION_DESCRIPTIONS } from "./kustomization.ts";
import { OCI_REPOSITORY_DESCRIPTIONS } from "./oci-repository.ts";
import { PROVIDER_DESCRIPTIONS } from "./provider.ts";
import { RECEIVER_DESCRIPTIONS } from "./receiver.ts";

/** The texts of every kind, by its name. */
export const DESCRIPTIONS: Readonly<Record<string, { readonly spec: Description; readonly status?: Description }>> = {
  Alert: ALERT_DESCRIPTIONS,
  Bucket: BUCKET_DESCRIPTIONS,
  ExternalArtifact: EXTERNAL_ARTIFACT_DESCRIPTIONS,
  GitRepository: GIT_REPOSITORY_DESCRIPTIONS,
  HelmChart: HELM_CHART_DESCRIPTIONS,
  HelmRepository: HELM_REPOSITORY_DESCRIPTIONS,
  Kustomization: KUSTOMIZATION_DESCRIPTIONS,
  OCIRepository: OCI_REPOSITORY_DESCRIPTIONS,
  Provider: PROVIDER_DESCRIPTIONS,
  Receiver: RECEIVER_DESCRIPTIONS,
};
