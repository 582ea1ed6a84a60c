import type { JsonObject } from "@plumb/std";
import { equalJson, listAt, objectAt, objectsAt, textAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

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

export const ROLE_RULES: KindRules = { names: "segment", createsOnUpdate: true, validate: validateRole };

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
    const group = textAt(subject, "apiGroup") ?? "";
    const hasNamespace = isNamespaced || (textAt(subject, "namespace") ?? "") !== "";
    return [...name, ...(group === "" ? [] : [unsupported(`${field}.apiGroup`, group, [""])]), ...(hasNamespace ? [] : [required(`${field}.namespace`)])];
  }
  return kind === "User" || kind === "Group" ? name : [...name, unsupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"])];
}

export const BINDING_RULES: KindRules = {
  names: "segment",
  createsOnUpdate: true,
  validate: validateBinding,
  validateUpdate: (binding, old) =>
    equalJson(objectAt(binding, "roleRef"), objectAt(old, "roleRef")) ? [] : [invalid("roleRef", objectAt(binding, "roleRef") ?? {}, "cannot change roleRef")],
};
