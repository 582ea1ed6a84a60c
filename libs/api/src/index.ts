export {
  DRIFT_ANNOTATION,
  FORCE_ANNOTATION,
  PRUNE_ANNOTATION,
  RECONCILE_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
  SSA_ANNOTATION,
  SUBSTITUTE_ANNOTATION,
} from "./annotations.ts";
export type { Artifact } from "./artifact.ts";
export { READY, STALLED } from "./condition-types.ts";
export type { Condition } from "./condition.ts";
export { crd } from "./crd.ts";
export { DRIFT_KEY, EVENT_GROUP, EVENT_KEY, type DriftChange } from "./event-metadata.ts";
export type { DesiredObject } from "./desired-object.ts";
export type { ToolkitEvent } from "./event.ts";
export type { Notice } from "./notice.ts";
export { FINALIZER } from "./finalizer.ts";
export { inventoryEntry, inventoryId, parseInventoryId, type InventoryEntry, type ObjectIdentity } from "./inventory.ts";
export type { FromSchema, JsonSchema } from "./json-schema.ts";
export { apiVersionOf, type KindDefinition, type PrinterColumn } from "./kind-definition.ts";
export { KINDS } from "./kinds.ts";
export { ALERT, type Alert, type AlertSpec } from "./kinds/alert.ts";
export { BUCKET, type Bucket, type BucketSpec, type BucketStatus } from "./kinds/bucket.ts";
export { EXTERNAL_ARTIFACT, type ExternalArtifact, type ExternalArtifactSpec, type ExternalArtifactStatus } from "./kinds/external-artifact.ts";
export { GIT_REPOSITORY, type GitRepository, type GitRepositorySpec, type GitRepositoryStatus } from "./kinds/git-repository.ts";
export { HELM_CHART, type HelmChart, type HelmChartSpec, type HelmChartStatus } from "./kinds/helm-chart.ts";
export { HELM_REPOSITORY, type HelmRepository, type HelmRepositorySpec, type HelmRepositoryStatus } from "./kinds/helm-repository.ts";
export { KUSTOMIZATION, type Kustomization, type KustomizationSpec, type KustomizationStatus } from "./kinds/kustomization.ts";
export { OCI_REPOSITORY, type OCIRepository, type OCIRepositorySpec, type OCIRepositoryStatus } from "./kinds/oci-repository.ts";
export { PROVIDER, type Provider, type ProviderSpec } from "./kinds/provider.ts";
export { RECEIVER, type Receiver, type ReceiverSpec, type ReceiverStatus } from "./kinds/receiver.ts";
export { OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL, WATCH_LABEL } from "./labels.ts";
export { groupVersionKind, subjectOf, type GroupVersionKind, type LiveObject, type ManagedFieldsEntry, type Manifest, type ObjectMeta } from "./manifest.ts";
export { withOrigin, type Origin } from "./origin.ts";
export { REASON } from "./reasons.ts";
export { SHARED_SCHEMAS } from "./shared-schemas.ts";
export { asksToSubstitute } from "./substitution.ts";
