import { draftAt, draftsAt, textAt, within, type Draft } from "../draft.ts";
import { fallback, type TypeDefaults } from "./type-defaults.ts";

const RBAC = "rbac.authorization.k8s.io";

function setWebhook(webhook: Draft): void {
  fallback(webhook, "failurePolicy", "Fail");
  fallback(webhook, "matchPolicy", "Equivalent");
  webhook["namespaceSelector"] ??= {};
  webhook["objectSelector"] ??= {};
  webhook["timeoutSeconds"] ??= 10;
}

function setMatchResources(match: Draft): void {
  fallback(match, "matchPolicy", "Equivalent");
  match["namespaceSelector"] ??= {};
  match["objectSelector"] ??= {};
}

function setNetworkPolicy(policy: Draft): void {
  const spec = within(policy, "spec");
  if (Array.isArray(spec["policyTypes"]) && spec["policyTypes"].length > 0) return;
  spec["policyTypes"] = draftsAt(spec, "egress").length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

function setCsiDriver(driver: Draft): void {
  const spec = within(driver, "spec");
  spec["attachRequired"] ??= true;
  for (const key of ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount", "preventPodSchedulingIfMissing"]) spec[key] ??= false;
  fallback(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
  if (!Array.isArray(spec["volumeLifecycleModes"]) || spec["volumeLifecycleModes"].length === 0) spec["volumeLifecycleModes"] = ["Persistent"];
}

function setDefinition(definition: Draft): void {
  const spec = within(definition, "spec");
  const names = within(spec, "names");
  const kind = textAt(names, "kind") ?? "";
  if (kind !== "") fallback(names, "singular", kind.toLowerCase());
  if (kind !== "") fallback(names, "listKind", `${kind}List`);
  spec["conversion"] ??= { strategy: "None" };
  const status = within(definition, "status");
  if (Array.isArray(status["storedVersions"]) && status["storedVersions"].length > 0) return;
  const stored = draftsAt(spec, "versions").find((version) => version["storage"] === true);
  if (stored !== undefined) status["storedVersions"] = [textAt(stored, "name") ?? ""];
}

const setRoleRef = (binding: Draft): void => fallback(within(binding, "roleRef"), "apiGroup", RBAC);

/** Source: the defaults.go of the other groups. */
export const GROUP_DEFAULTS: TypeDefaults = {
  "api.rbac.v1.ClusterRoleBinding": setRoleRef,
  "api.rbac.v1.RoleBinding": setRoleRef,
  "api.rbac.v1.Subject": (subject) => {
    if (subject["kind"] === "User" || subject["kind"] === "Group") fallback(subject, "apiGroup", RBAC);
  },
  "api.networking.v1.NetworkPolicy": setNetworkPolicy,
  "api.networking.v1.NetworkPolicyPort": (port) => fallback(port, "protocol", "TCP"),
  "api.networking.v1.IngressClass": (ingressClass) => {
    const parameters = draftAt(ingressClass, "spec", "parameters");
    if (parameters !== undefined) fallback(parameters, "scope", "Cluster");
  },
  "api.storage.v1.StorageClass": (storageClass) => {
    fallback(storageClass, "reclaimPolicy", "Delete");
    fallback(storageClass, "volumeBindingMode", "Immediate");
  },
  "api.storage.v1.CSIDriver": setCsiDriver,
  "api.scheduling.v1.PriorityClass": (priorityClass) => fallback(priorityClass, "preemptionPolicy", "PreemptLowerPriority"),
  "api.discovery.v1.EndpointPort": (port) => {
    if (port["name"] === undefined || port["name"] === null) port["name"] = "";
    fallback(port, "protocol", "TCP");
  },
  "api.admissionregistration.v1.ValidatingWebhook": setWebhook,
  "api.admissionregistration.v1.MutatingWebhook": (webhook) => {
    setWebhook(webhook);
    fallback(webhook, "reinvocationPolicy", "Never");
  },
  "api.admissionregistration.v1.RuleWithOperations": (rule) => fallback(rule, "scope", "*"),
  "api.admissionregistration.v1.NamedRuleWithOperations": (rule) => fallback(rule, "scope", "*"),
  "api.admissionregistration.v1.ServiceReference": (service) => {
    service["port"] ??= 443;
  },
  "api.admissionregistration.v1.MatchResources": setMatchResources,
  "api.admissionregistration.v1.ValidatingAdmissionPolicySpec": (spec) => fallback(spec, "failurePolicy", "Fail"),
  "api.admissionregistration.v1.MutatingAdmissionPolicySpec": (spec) => fallback(spec, "failurePolicy", "Fail"),
  "api.flowcontrol.v1.FlowSchemaSpec": (spec) => {
    spec["matchingPrecedence"] ??= 1000;
  },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition": setDefinition,
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference": (service) => {
    service["port"] ??= 443;
  },
  "kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference": (service) => {
    service["port"] ??= 443;
  },
};
