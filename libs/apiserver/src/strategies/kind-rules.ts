import { objectAt } from "../draft.ts";
import { required } from "../refusal.ts";
import { validatePodTemplate } from "../validation/pod-spec.ts";
import type { KindRules } from "./builtin-rules.ts";
import { AUTOSCALER_RULES } from "./autoscaler-rules.ts";
import { CONFIG_MAP_RULES } from "./config-map-rules.ts";
import { INGRESS_CLASS_RULES, PRIORITY_CLASS_RULES, RUNTIME_CLASS_RULES, STORAGE_CLASS_RULES } from "./class-rules.ts";
import { DEFINITION_RULES } from "./definition-rules.ts";
import { DISRUPTION_RULES } from "./disruption-rules.ts";
import { immutableFaults, notNegative } from "./field-faults.ts";
import { INGRESS_RULES } from "./ingress-rules.ts";
import { CRON_JOB_RULES, JOB_RULES } from "./job-rules.ts";
import { EVENT_RULES } from "./event-rules.ts";
import { LEASE_RULES } from "./lease-rules.ts";
import { NAMESPACE_RULES } from "./namespace-rules.ts";
import { NETWORK_POLICY_RULES } from "./network-policy-rules.ts";
import { POD_RULES } from "./pod-rules.ts";
import { BINDING_RULES, ROLE_RULES } from "./rbac-rules.ts";
import { SECRET_RULES } from "./secret-rules.ts";
import { SERVICE_RULES } from "./service-rules.ts";
import { CLAIM_RULES, VOLUME_RULES } from "./storage-rules.ts";
import { DAEMON_SET_RULES, DEPLOYMENT_RULES, REPLICA_SET_RULES, STATEFUL_SET_RULES } from "./workload-rules.ts";

const SPEC: KindRules = { generation: ["spec"] };
const WEBHOOKS: KindRules = { generation: ["webhooks"], needsVersion: true };
const SPEC_NEEDS_VERSION: KindRules = { generation: ["spec"], needsVersion: true };

/** By collection. Kinds that are not named are like any other. Source: the strategies in pkg/registry. */
export const KIND_RULES: Readonly<Record<string, KindRules>> = {
  "/configmaps": CONFIG_MAP_RULES,
  "/endpoints": { createsOnUpdate: true },
  "/events": EVENT_RULES,
  "events.k8s.io/events": EVENT_RULES,
  "/limitranges": { createsOnUpdate: true },
  "/namespaces": NAMESPACE_RULES,
  "/nodes": { keepsStatus: true },
  "/persistentvolumeclaims": CLAIM_RULES,
  "/persistentvolumes": VOLUME_RULES,
  "/pods": POD_RULES,
  "/podtemplates": {
    generation: ["template"],
    answersDeleted: true,
    validate: (podTemplate) => validatePodTemplate(objectAt(podTemplate, "template"), "template"),
  },
  "/replicationcontrollers": { generation: ["spec"], orphansByDefault: "" },
  "/resourcequotas": { answersDeleted: true },
  "/secrets": SECRET_RULES,
  "/serviceaccounts": { answersDeleted: true },
  "/services": SERVICE_RULES,
  "admissionregistration.k8s.io/mutatingadmissionpolicies": SPEC_NEEDS_VERSION,
  "admissionregistration.k8s.io/mutatingadmissionpolicybindings": SPEC_NEEDS_VERSION,
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": WEBHOOKS,
  "admissionregistration.k8s.io/validatingadmissionpolicies": SPEC_NEEDS_VERSION,
  "admissionregistration.k8s.io/validatingadmissionpolicybindings": SPEC_NEEDS_VERSION,
  "admissionregistration.k8s.io/validatingwebhookconfigurations": WEBHOOKS,
  "apiextensions.k8s.io/customresourcedefinitions": DEFINITION_RULES,
  "apiregistration.k8s.io/apiservices": { needsVersion: true },
  "apps/controllerrevisions": {
    validate: (history) => [...notNegative(history, ["revision"]), ...((history["data"] ?? null) === null ? [required("data", "data is mandatory")] : [])],
    validateUpdate: (history, old) => immutableFaults(history, old, ["data"]),
  },
  "apps/daemonsets": DAEMON_SET_RULES,
  "apps/deployments": DEPLOYMENT_RULES,
  "apps/replicasets": REPLICA_SET_RULES,
  "apps/statefulsets": STATEFUL_SET_RULES,
  "autoscaling/horizontalpodautoscalers": AUTOSCALER_RULES,
  "batch/cronjobs": CRON_JOB_RULES,
  "batch/jobs": JOB_RULES,
  "coordination.k8s.io/leases": LEASE_RULES,
  "discovery.k8s.io/endpointslices": { generation: ["endpoints", "ports"] },
  "flowcontrol.apiserver.k8s.io/flowschemas": SPEC,
  "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations": SPEC,
  "networking.k8s.io/ingressclasses": INGRESS_CLASS_RULES,
  "networking.k8s.io/ingresses": INGRESS_RULES,
  "networking.k8s.io/networkpolicies": NETWORK_POLICY_RULES,
  "node.k8s.io/runtimeclasses": RUNTIME_CLASS_RULES,
  "policy/poddisruptionbudgets": DISRUPTION_RULES,
  "rbac.authorization.k8s.io/clusterrolebindings": BINDING_RULES,
  "rbac.authorization.k8s.io/clusterroles": ROLE_RULES,
  "rbac.authorization.k8s.io/rolebindings": BINDING_RULES,
  "rbac.authorization.k8s.io/roles": ROLE_RULES,
  "resource.k8s.io/deviceclasses": { generation: ["spec"], answersDeleted: true },
  "resource.k8s.io/resourceclaims": { answersDeleted: true },
  "resource.k8s.io/resourceclaimtemplates": { answersDeleted: true },
  "resource.k8s.io/resourceslices": { generation: ["spec"], answersDeleted: true },
  "scheduling.k8s.io/priorityclasses": PRIORITY_CLASS_RULES,
  "storage.k8s.io/csidrivers": { generation: ["spec"], needsVersion: true, answersDeleted: true },
  "storage.k8s.io/csinodes": { needsVersion: true, answersDeleted: true },
  "storage.k8s.io/csistoragecapacities": { needsVersion: true },
  "storage.k8s.io/storageclasses": STORAGE_CLASS_RULES,
  "storage.k8s.io/volumeattachments": { needsVersion: true, answersDeleted: true },
  "storage.k8s.io/volumeattributesclasses": { answersDeleted: true },
};
