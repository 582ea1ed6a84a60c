import { YamlNode } from "@plumb/yaml";
import { ToolkitError } from "@plumb/std";
import { invalid, prefixed, within } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import { fieldOf, getField, isEmpty, isMissingOrNull, mustBe, scalarNode, setField, setScalar, valueOf } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { HELM_GENERATED } from "../resource/build-annotations.ts";
import { idKey } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { applyFieldSpec, type Creation } from "./apply-field-spec.ts";
import type { Transform } from "./transform.ts";

/** Which subjects of role bindings get the namespace. */
export type SubjectMode = "defaultOnly" | "allServiceAccounts" | "none";

export interface NamespaceArgs {
  readonly namespace: string;
  readonly fieldSpecs: readonly FieldSpec[];
  /** Only fields that are empty are set. */
  readonly unsetOnly: boolean;
  readonly subjects: SubjectMode;
}

const SCALAR: Creation = { kind: "scalar", tag: "!!str" };
const OPEN_SCALAR: Creation = { kind: "scalar", tag: "" };
const BINDINGS: readonly string[] = ["RoleBinding", "ClusterRoleBinding"];
const METADATA_NAMESPACE: FieldSpec = { group: "", version: "", kind: "", path: "metadata/namespace", create: true };

/** Puts objects into a namespace. @throws {ToolkitError} `invalid` when two objects become one */
export function namespaceTransform(args: NamespaceArgs): Transform {
  return (resources) => {
    if (args.namespace === "") return;
    const counts = new Map<string, number>();
    const count = (key: string, step: number): number => {
      const next = (counts.get(key) ?? 0) + step;
      counts.set(key, next);
      return next;
    };
    const identified = resources.items.map((resource) => {
      const { id } = resource;
      return { resource, id, key: idKey(id) };
    });
    for (const { key } of identified) count(key, 1);
    for (const { resource, id, key } of identified) {
      if (resource.node === undefined || resource.isEmpty || resource.annotation(HELM_GENERATED) === "true") continue;
      count(key, -1);
      resource.storePreviousId(id);
      setNamespace(resource, args);
      if (count(idKey(resource.id), 1) > 1) {
        const clashing = resources.items
          .filter(({ id }) => idKey(id) === idKey(resource.id))
          .map(({ kind, name, namespace }) => `${kind}/${name}.${namespace}`);
        throw invalid(`namespace transformation produces ID conflict: [${clashing.join(" ")}]`);
      }
    }
  };
}

/** Puts one object into the namespace, and whatever else the specifications name. */
export function setNamespace(resource: Resource, args: NamespaceArgs): void {
  const { node } = resource;
  if (node === undefined) return;
  const { kind, isClusterScoped } = resource.gvk;
  const set = setterOf(args);
  if (!isClusterScoped) applyFieldSpec(node, METADATA_NAMESPACE, set, OPEN_SCALAR);
  const isBinding = BINDINGS.includes(kind);
  if (isBinding) setSubjects(node, args.subjects, set);
  for (const spec of args.fieldSpecs) {
    if (spec.path === "metadata/namespace" || (spec.path === "metadata/name" && resource.apiVersion !== "v1")) continue;
    if (isBinding && BINDINGS.includes(spec.kind) && spec.path === "subjects/namespace") continue;
    try {
      applyFieldSpec(node, spec, set, SCALAR);
    } catch (thrown) {
      const isKind = thrown instanceof ToolkitError && /wrong node kind: expected ScalarNode but got (?:Mapping|Sequence)Node/.test(thrown.message);
      throw prefixed(isKind ? "namespace field specs must target scalar nodes" : "namespace transformation failed", thrown);
    }
  }
}

type Setter = (field: YamlNode) => void;

function setterOf({ namespace, unsetOnly }: Pick<NamespaceArgs, "namespace" | "unsetOnly">): Setter {
  return (field) => {
    if (unsetOnly && !isEmpty(field) && field.kind === "scalar" && valueOf(field) !== "") return;
    setScalar(field, scalarNode(namespace, "!!str"));
  };
}

function setSubjects(node: YamlNode, mode: SubjectMode, set: Setter): void {
  if (mode === "none") return;
  const subjects = lookup(node, ["subjects"]);
  if (subjects === undefined || isMissingOrNull(subjects)) return;
  within("setting namespace on (cluster)role binding subjects", () => {
    mustBe("sequence", subjects);
    const [field, wanted] = mode === "allServiceAccounts" ? ["kind", "ServiceAccount"] : ["name", "default"];
    for (const subject of subjects.content) {
      const found = getField(subject, field ?? "");
      if (found === undefined || found.tag === "!!null") continue;
      mustBe("scalar", found);
      if (found.value !== wanted) continue;
      const namespace = fieldOf(subject, "namespace") ?? setField(subject, "namespace", new YamlNode("scalar"));
      if (namespace !== undefined) set(namespace);
    }
  });
}
