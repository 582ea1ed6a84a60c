import type { JsonObject } from "@plumb/std";
import { equalJson, listAt, objectAt, objectsAt, textAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { nameProblems } from "../validation/names.ts";
import type { KindRules } from "./builtin-rules.ts";
import { labelSelectorFaults, oneOf } from "./field-faults.ts";

const GROUP = "rbac.authorization.k8s.io";

function validateRole(role: JsonObject): readonly FieldFault[] {
  return objectsAt(role, "rules").flatMap((rule, index) => {
    const field = `rules[${index}]`;
    const verbs = listAt(rule, "verbs").length === 0 ? [required(`${field}.verbs`, "verbs must contain at least one value")] : [];
    const isForUrls = listAt(rule, "nonResourceURLs").length > 0;
    if (isForUrls && textAt(role, "kind") === "Role")
      return [...verbs, invalid(`${field}.nonResourceURLs`, listAt(rule, "nonResourceURLs"), "namespaced rules cannot apply to non-resource URLs")];
    if (isForUrls) return verbs;
    return [
      ...verbs,
      ...(listAt(rule, "apiGroups").length === 0 ? [required(`${field}.apiGroups`, "resource rules must supply at least one api group")] : []),
      ...(listAt(rule, "resources").length === 0 ? [required(`${field}.resources`, "resource rules must supply at least one resource")] : []),
    ];
  });
}

function aggregationFaults(role: JsonObject): readonly FieldFault[] {
  const rule = objectAt(role, "aggregationRule");
  if (rule === undefined) return [];
  const field = "aggregationRule.clusterRoleSelectors";
  const selectors = objectsAt(rule, "clusterRoleSelectors");
  if (selectors.length === 0) return [required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap((selector, index) => labelSelectorFaults(selector, `${field}[${index}]`));
}

export const ROLE_RULES: KindRules = { names: "segment", createsOnUpdate: true, validate: (role) => [...validateRole(role), ...aggregationFaults(role)] };

function validateBinding(binding: JsonObject): readonly FieldFault[] {
  const roleRef = objectAt(binding, "roleRef");
  const group = textAt(roleRef, "apiGroup") ?? "";
  const kind = textAt(roleRef, "kind") ?? "";
  const kinds = textAt(binding, "kind") === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"];
  return [
    ...(group === GROUP ? [] : [unsupported("roleRef.apiGroup", group, [GROUP])]),
    ...(kinds.includes(kind) ? [] : [unsupported("roleRef.kind", kind, kinds)]),
    ...((textAt(roleRef, "name") ?? "") === "" ? [required("roleRef.name")] : []),
    ...objectsAt(binding, "subjects").flatMap((subject, index) => subjectFaults(subject, `subjects[${index}]`, textAt(binding, "kind") === "RoleBinding")),
  ];
}

function subjectFaults(subject: JsonObject, field: string, isNamespaced: boolean): readonly FieldFault[] {
  const kind = textAt(subject, "kind") ?? "";
  const name = (textAt(subject, "name") ?? "") === "" ? [required(`${field}.name`)] : [];
  if (kind === "ServiceAccount") {
    const own = textAt(subject, "name") ?? "";
    const shape = own === "" ? name : nameProblems(own, "subdomain").map((says) => invalid(`${field}.name`, own, says));
    const group = textAt(subject, "apiGroup") ?? "";
    const hasNamespace = isNamespaced || (textAt(subject, "namespace") ?? "") !== "";
    return [...shape, ...(group === "" ? [] : [unsupported(`${field}.apiGroup`, group, [""])]), ...(hasNamespace ? [] : [required(`${field}.namespace`)])];
  }
  if (kind === "User" || kind === "Group") return [...name, ...oneOf(textAt(subject, "apiGroup") ?? "", [GROUP], `${field}.apiGroup`)];
  return [...name, unsupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"])];
}

export const BINDING_RULES: KindRules = {
  names: "segment",
  createsOnUpdate: true,
  validate: validateBinding,
  validateUpdate: (binding, old) =>
    equalJson(objectAt(binding, "roleRef"), objectAt(old, "roleRef")) ? [] : [invalid("roleRef", objectAt(binding, "roleRef") ?? {}, "cannot change roleRef")],
};
