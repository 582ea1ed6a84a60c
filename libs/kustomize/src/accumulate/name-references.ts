import { decodeNode, type YamlNode } from "@plumb/yaml";
import { invalid, prefixed } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import type { NameReference } from "../config/transformer-config.ts";
import { fieldOf, getField, isMissingOrNull, scalarNode, setField, setScalar } from "../node/fields.ts";
import { nodeText } from "../node/node-text.ts";
import { apiVersionOf, effectiveNamespace, idText, isSelected, type GvkSelector, type ResourceId } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { applyFieldSpec } from "../transform/apply-field-spec.ts";

/** An object and what it was called; none of it changes while references are set right. */
interface Known {
  readonly resource: Resource;
  readonly id: ResourceId;
  readonly previousIds: readonly ResourceId[];
}

/** Everything that can be referred to. */
interface Directory {
  readonly all: readonly Known[];
  /** By each former name. */
  readonly byPreviousName: ReadonlyMap<string, readonly Known[]>;
}

interface Rule {
  readonly target: GvkSelector;
  readonly field: FieldSpec;
}

/** Gives every reference the name that its object has now. @throws {ToolkitError} `invalid` when several objects fit */
export function fixNameReferences(resources: readonly Resource[], references: readonly NameReference[]): void {
  const directory = directoryOf(resources);
  const rulesFor = ruleFinder(references);
  for (const known of directory.all) {
    const rules = rulesFor(known.previousIds[0] ?? known.id);
    if (rules.length > 0 && known.resource.node !== undefined) fixOne(known, known.resource.node, rules, directory);
  }
}

function directoryOf(resources: readonly Resource[]): Directory {
  const all = resources.map((resource): Known => ({ resource, id: resource.id, previousIds: resource.previousIds }));
  const byPreviousName = new Map<string, Known[]>();
  for (const known of all) {
    for (const name of new Set(known.previousIds.map((id) => id.name))) {
      const list = byPreviousName.get(name);
      if (list === undefined) byPreviousName.set(name, [known]);
      else list.push(known);
    }
  }
  return { all, byPreviousName };
}

/** The rules for an object of a kind, found once for each kind. */
function ruleFinder(references: readonly NameReference[]): (id: GvkSelector) => readonly Rule[] {
  const known = new Map<string, readonly Rule[]>();
  return (id) => {
    const key = `${id.group}\n${id.version}\n${id.kind}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const rules = references.flatMap((target) =>
      target.referrers.filter((field) => isSelected(id, field)).map((field): Rule => ({ target, field: anyKind(field) })),
    );
    known.set(key, rules);
    return rules;
  };
}

const kindless = new WeakMap<FieldSpec, FieldSpec>();

/** The rule was chosen by the first kind of the object; its present one does not matter. */
function anyKind(field: FieldSpec): FieldSpec {
  const known = kindless.get(field);
  if (known !== undefined) return known;
  const made: FieldSpec = { ...field, group: "", version: "", kind: "" };
  kindless.set(field, made);
  return made;
}

function fixOne(referrer: Known, node: YamlNode, rules: readonly Rule[], directory: Directory): void {
  refuseOddVersion(referrer.id, node);
  const candidates = candidatesFor(referrer);
  for (const { target, field } of rules) {
    try {
      applyFieldSpec(node, field, (found) => setReference(found, { referrer, target, field, candidates, directory }));
    } catch (thrown) {
      throw prefixed(`updating name reference in '${field.path}' field of '${idText(referrer.id)}'`, thrown);
    }
  }
}

/** kustomize compares `apiVersion` with what it has read from it, and a null or `/v1` differs. */
function refuseOddVersion(id: ResourceId, node: YamlNode): void {
  const field = fieldOf(node, "apiVersion");
  const written = field === undefined || isMissingOrNull(field) ? "" : field.value;
  if (written !== apiVersionOf(id)) throw invalid(`node-referrerOriginal 'APIVersion' mismatch '${written}' != '${apiVersionOf(id)}' (${idText(id)})`);
}

interface Search {
  readonly referrer: Known;
  readonly target: GvkSelector;
  readonly field: FieldSpec;
  /** Whether the referrer can see an object at all. */
  readonly candidates: (known: Known) => boolean;
  readonly directory: Directory;
}

/** What an object can refer to: anything without a namespace or in its own, and accounts that a binding names. */
function candidatesFor({ id, resource }: Known): (known: Known) => boolean {
  if (id.isClusterScoped) return () => true;
  const namespace = effectiveNamespace(id);
  const accountNamespaces = bindingNamespaces(resource);
  return (known) => known.id.isClusterScoped || effectiveNamespace(known.id) === namespace || accountNamespaces.has(known.id.namespace);
}

function bindingNamespaces(resource: Resource): ReadonlySet<string> {
  const namespaces = new Set<string>();
  const subjects = resource.kind === "RoleBinding" ? fieldOf(resource.node, "subjects") : undefined;
  if (subjects?.kind !== "sequence") return namespaces;
  for (const subject of subjects.content) {
    const namespace = fieldOf(subject, "namespace");
    if (namespace === undefined || fieldOf(subject, "kind")?.value !== "ServiceAccount") continue;
    if (typeof decodeNode(namespace) !== "string") throw invalid(`Invalid Input: namespace is blank for resource "${idText(resource.id)}"`);
    namespaces.add(namespace.value);
  }
  return namespaces;
}

function setReference(node: YamlNode, search: Search): void {
  if (isMissingOrNull(node)) return;
  switch (node.kind) {
    case "scalar":
      return setName(node, search);
    case "mapping":
      return setNameAndNamespace(node, search);
    case "sequence":
      for (const item of node.content) {
        if (isMissingOrNull(item)) continue;
        if (item.kind === "scalar") setName(item, search);
        else if (item.kind === "mapping") setNameAndNamespace(item, search);
        else throw invalid(`a ${item.kind} is expected to be either a string or a map of string`);
      }
      return;
    default:
      throw invalid("node must be a scalar, sequence or map");
  }
}

function setName(node: YamlNode, search: Search): void {
  const referral = select(
    node.value,
    search,
    () => true,
    (a, b) => a.name === b.name,
  );
  if (referral === undefined) return;
  const { name } = referral.resource;
  referral.resource.addReferrer(search.referrer.id);
  if (name !== node.value) setScalar(node, scalarNode(name));
}

function setNameAndNamespace(node: YamlNode, search: Search): void {
  const nameNode = getField(node, "name");
  if (nameNode === undefined) throw invalid("path config error; no 'name' field in node");
  const isNear = namespaceFilter(getField(node, "namespace"), search);
  const referral = select(nameNode.value, search, isNear, (a, b) => a.name === b.name && a.namespace === b.namespace);
  if (referral === undefined) return;
  const { name, namespace } = referral.resource;
  referral.resource.addReferrer(search.referrer.id);
  if (name === nameNode.value && namespace === "") return;
  setField(node, "name", scalarNode(name));
  if (namespace !== "") setField(node, "namespace", scalarNode(namespace));
}

/** With a namespace given, the objects that came from it, or if there are none, those that are in it now. */
function namespaceFilter(given: YamlNode | undefined, { candidates, directory }: Search): (known: Known) => boolean {
  if (given === undefined) return () => true;
  const namespace = given.value;
  const original = (known: Known): string => effectiveNamespace(known.previousIds[0] ?? known.id);
  const isOriginal = namespace !== "_non_namespaceable_" && directory.all.some((known) => candidates(known) && original(known) === namespace);
  return (known) => (isOriginal ? original(known) : effectiveNamespace(known.id)) === namespace;
}

function select(name: string, search: Search, isNear: (known: Known) => boolean, isSame: (a: Resource, b: Resource) => boolean): Known | undefined {
  const { referrer, target, field, candidates, directory } = search;
  const named = directory.byPreviousName.get(name);
  if (named === undefined) return undefined;
  let found = named.filter((known) => candidates(known) && isNear(known) && known.previousIds.some((id) => isSelected(id, target)));
  const role = field.path.endsWith("roleRef/name") ? roleKind(referrer.resource) : undefined;
  if (role !== undefined) found = found.filter((known) => known.previousIds.some((id) => isSelected(id, role)));
  found = found.filter((known) => isInReach(known, referrer));
  if (found.length === 1) return found[0];
  found = found.filter(({ resource }) => hasSameAffixes(resource, referrer.resource, true));
  if (found.length > 1) found = found.filter(({ resource }) => hasSameAffixes(resource, referrer.resource, false));
  const [first, ...more] = found;
  if (first === undefined || more.every(({ resource }) => isSame(first.resource, resource))) return first;
  throw invalid(`found multiple possible referrals: ${found.map(({ id }) => idText(id)).join(", ")}\n${details(referrer, found)}`);
}

function details(referrer: Known, found: readonly Known[]): string {
  const shown = ({ resource }: Known): string => (resource.node === undefined ? "" : nodeText(resource.node));
  return `\n**** Too many possible referral targets to referrer:\n${shown(referrer)}\n${found.map((known, i) => `--- possible referral ${i}:\n${shown(known)}\n`).join("")}`;
}

/** The kind that a binding's `roleRef` names; undefined when it names none. */
function roleKind({ node }: Resource): GvkSelector | undefined {
  const role = fieldOf(node, "roleRef");
  const group = fieldOf(role, "apiGroup");
  const kind = fieldOf(role, "kind");
  return group === undefined || kind === undefined ? undefined : { group: group.value, kind: kind.value };
}

function isInReach({ id, resource }: Known, referrer: Known): boolean {
  if (referrer.id.isClusterScoped || id.isClusterScoped || resource.kind === "ServiceAccount") return true;
  return effectiveNamespace(id) === effectiveNamespace(referrer.id);
}

function hasSameAffixes(a: Resource, b: Resource, allowEmpty: boolean): boolean {
  return endsAlike(a.prefixes, b.prefixes, allowEmpty) && endsAlike(a.suffixes, b.suffixes, allowEmpty);
}

/** True when the shorter list ends the longer one; an empty one only ends an empty one unless it is allowed. */
function endsAlike(a: readonly string[], b: readonly string[], allowEmpty: boolean): boolean {
  if (a.length === 0 || b.length === 0) return allowEmpty || a.length === b.length;
  const [short, long] = a.length > b.length ? [b, a] : [a, b];
  const offset = long.length - short.length;
  return short.every((value, i) => value === long[i + offset]);
}
