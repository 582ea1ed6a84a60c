import type { KindDefinition } from "./kind-definition.ts";
import { ALERT } from "./kinds/alert.ts";
import { BUCKET } from "./kinds/bucket.ts";
import { EXTERNAL_ARTIFACT } from "./kinds/external-artifact.ts";
import { GIT_REPOSITORY } from "./kinds/git-repository.ts";
import { HELM_CHART } from "./kinds/helm-chart.ts";
import { HELM_REPOSITORY } from "./kinds/helm-repository.ts";
import { KUSTOMIZATION } from "./kinds/kustomization.ts";
import { OCI_REPOSITORY } from "./kinds/oci-repository.ts";
import { PROVIDER } from "./kinds/provider.ts";
import { RECEIVER } from "./kinds/receiver.ts";

/** Every kind there is, by group, then kind. */
export const KINDS: readonly KindDefinition[] = [
  KUSTOMIZATION,
  ALERT,
  PROVIDER,
  RECEIVER,
  BUCKET,
  EXTERNAL_ARTIFACT,
  GIT_REPOSITORY,
  HELM_CHART,
  HELM_REPOSITORY,
  OCI_REPOSITORY,
];
