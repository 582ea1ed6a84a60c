import { decodeNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { EMPTY_CONFIG, mergeConfig, type TransformerConfig } from "../config/transformer-config.ts";
import { BINARY_DATA, DATA, dataOf, setData } from "../generate/data.ts";
import type { Variable } from "../load/kustomization.ts";
import { ORIGIN } from "../resource/build-annotations.ts";
import { isSameId, ResourceList } from "../resource/resource-list.ts";
import { idText, type ResourceId } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";

/** What a kustomization has gathered so far: objects, configuration, variables. */
export class Accumulator {
  readonly resources: ResourceList = new ResourceList();
  config: TransformerConfig = EMPTY_CONFIG;
  readonly variables: Map<string, Variable> = new Map<string, Variable>();

  /**
   * Takes over everything that a base has gathered.
   *
   * @param add an adder of these resources
   * @throws {ToolkitError} `invalid` when ids or variables collide
   */
  merge(other: Accumulator, add: ReturnType<ResourceList["adder"]>): void {
    add(other.resources.items);
    this.config = mergeConfig(this.config, other.config);
    for (const variable of other.variables.values()) this.#addVariable(variable);
  }

  /** Adds variables and marks the objects that they read from. */
  addVariables(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const [target, ...more] = this.resources.matching(variable.objectName, isTargetOf(variable));
      if (more.length > 0) throw invalid(`found ${more.length + 1} resId matches for var ${variableText(variable)} (unable to disambiguate)`);
      if (target !== undefined) target.variables = [...target.variables, variable.name];
    }
    for (const variable of variables) this.#addVariable(variable);
  }

  #addVariable(variable: Variable): void {
    if (this.variables.has(variable.name)) throw invalid(`var '${variable.name}' already encountered`);
    this.variables.set(variable.name, variable);
  }

  /** Adds generated objects: new ones, or ones that merge with or replace what is there. */
  absorb(generated: readonly Resource[]): void {
    for (const resource of generated) this.#absorbOne(resource);
  }

  #absorbOne(resource: Resource): void {
    const { id, behavior } = resource;
    const [old, ...more] = this.resources.matching(id.name, (other) => isSameId(id, other));
    if (old === undefined) {
      if (behavior === "merge" || behavior === "replace") throw invalid(`id ${goIdText(id)} does not exist; cannot merge or replace`);
      this.resources.addNew(resource);
      return;
    }
    if (more.length > 0) throw invalid(`found multiple objects [${[old, ...more].map(shown).join(" ")}] that could accept merge of ${idText(id)}`);
    if (behavior !== "merge" && behavior !== "replace") {
      throw invalid(`id ${goIdText(id)} exists; can not use behavior: '${behavior}', behavior must be merge or replace`);
    }
    mergeGenerated(resource, old, behavior === "merge");
    this.resources.swap(old, resource);
  }
}

function shown({ node }: Resource): string {
  return node === undefined ? "" : JSON.stringify(decodeNode(node), (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

function isTargetOf({ group, version, kind, objectName, namespace }: Variable): (id: ResourceId) => boolean {
  const target: ResourceId = { group, version, kind, isClusterScoped: false, name: objectName, namespace };
  if (namespace !== "") return (id) => isSameId(target, id);
  return (id) => id.kind === kind && id.group === group && id.version === version;
}

function variableText({ name, group, version, kind, objectName, namespace, fieldPath }: Variable): string {
  return `{${name} {${group === "" ? version : `${group}/${version}`} {${group} ${version} ${kind} false} ${objectName} ${namespace}} {${fieldPath}}}`;
}

function goIdText({ group, version, kind, isClusterScoped, name, namespace }: ResourceId): string {
  return `resid.ResId{Gvk:resid.Gvk{Group:${JSON.stringify(group)}, Version:${JSON.stringify(version)}, Kind:${JSON.stringify(kind)}, isClusterScoped:${isClusterScoped}}, Name:${JSON.stringify(name)}, Namespace:${JSON.stringify(namespace)}}`;
}

/** Gives `resource` the metadata of `old`, and with `keepData` its data too, where `resource` says nothing else. */
function mergeGenerated(resource: Resource, old: Resource, keepData: boolean): void {
  const origin = old.annotation(ORIGIN);
  resource.inheritMetadata(old);
  if (!keepData) return;
  for (const field of [DATA, BINARY_DATA]) setData(resource, field, new Map([...dataOf(old, field), ...dataOf(resource, field)]));
  if (origin !== undefined) resource.annotations = new Map([...resource.annotations, [ORIGIN, origin]]);
}
