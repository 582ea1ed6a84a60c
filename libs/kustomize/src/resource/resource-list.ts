import { invalid } from "../build-error.ts";
import { effectiveNamespace, idKey, idText, type ResourceId } from "./resource-id.ts";
import type { Resource } from "./resource.ts";

/** The objects of a build in the order in which they came. */
export class ResourceList {
  #items: Resource[] = [];

  constructor(items: readonly Resource[] = []) {
    this.addAll(items);
  }

  get items(): readonly Resource[] {
    return this.#items;
  }

  /** Adds objects. @throws {ToolkitError} `invalid` when one has the id of another */
  addAll(added: readonly Resource[]): void {
    if (added.length > 0) this.adder()(added);
  }

  /**
   * Adds as `addAll` does, call after call, in time that grows with what is added and not with what is there. Between the calls
   * no object of the list may change its id. An addition that is refused adds nothing.
   */
  adder(): (added: readonly Resource[]) => void {
    const items = [...this.#items];
    const known = new Set(items.map(({ id }) => idKey(id)));
    this.#items = items;
    return (added) => {
      const keys = new Set<string>();
      for (const { id } of added) {
        const key = idKey(id);
        if (known.has(key) || keys.has(key)) throw invalid(`may not add resource with an already registered id: ${idText(id)}`);
        keys.add(key);
      }
      for (const key of keys) known.add(key);
      for (const resource of added) items.push(resource);
    };
  }

  /** Adds an object with an id that none of the others has. */
  addNew(resource: Resource): void {
    this.#items.push(resource);
  }

  /** Sets the objects and their order. @throws {ToolkitError} `invalid` when two have one id */
  replaceAll(items: readonly Resource[]): void {
    this.#items = [];
    this.addAll(items);
  }

  keep(mustStay: (resource: Resource) => boolean): void {
    this.#items = this.#items.filter(mustStay);
  }

  dropEmpty(): void {
    if (this.#items.some(({ isEmpty }) => isEmpty)) this.keep(({ isEmpty }) => !isEmpty);
  }

  /** Puts `resource` in the place of `old`. */
  swap(old: Resource, resource: Resource): void {
    this.#items = this.#items.map((item) => (item === old ? resource : item));
  }

  /** Those that have or had the name, and with it an id that matches. */
  matching(name: string, isMatch: (id: ResourceId) => boolean): readonly Resource[] {
    const isNamed = (id: ResourceId): boolean => id.name === name && isMatch(id);
    return this.#items.filter((resource) => resource.hasOrHadName(name) && !resource.isEmpty && (resource.previousIds.some(isNamed) || isNamed(resource.id)));
  }

  /** The one that has or had the id. @throws {ToolkitError} `invalid` when there is none or more than one */
  patchTarget(id: ResourceId): Resource {
    const found = this.matching(id.name, (other) => isSameId(id, other));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const problem = found.length > 1 ? "multiple matches" : "no matches";
    throw invalid(`${problem} for Id ${idText(id)}; failed to find unique target for patch ${idText(id)}`);
  }
}

/** Same kind, name and effective namespace. */
export function isSameId(a: ResourceId, b: ResourceId): boolean {
  return a.name === b.name && a.kind === b.kind && a.group === b.group && a.version === b.version && effectiveNamespace(a) === effectiveNamespace(b);
}
