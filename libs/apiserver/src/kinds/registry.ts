import { compareText } from "@plumb/std";
import type { Resource } from "../resource.ts";

/** A group with its versions, the preferred one first. */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** What is served now: the built-in kinds, and those that definitions have brought. */
export class Registry {
  readonly #builtins: readonly Resource[];
  /** By `group/version/plural`. */
  readonly #byPath = new Map<string, Resource>();
  /** By the name of the definition. */
  readonly #customs = new Map<string, readonly Resource[]>();

  constructor(builtins: readonly Resource[]) {
    this.#builtins = builtins;
    for (const resource of builtins) this.#byPath.set(pathOf(resource), resource);
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  findKind(apiVersion: string, kind: string): Resource | undefined {
    return this.resources().find((resource) => resource.apiVersion === apiVersion && resource.kind === kind);
  }

  /** Built-in kinds in the order of discovery, then custom ones by group and name. */
  resources(): readonly Resource[] {
    return [...this.#builtins, ...this.customs()];
  }

  customs(): readonly Resource[] {
    return [...this.#customs.values()]
      .flat()
      .sort((a, b) => compareText(a.group, b.group) || compareVersions(a.version, b.version) || compareText(a.plural, b.plural));
  }

  /** Replaces what the definition called `name` serves. */
  serve(name: string, resources: readonly Resource[]): void {
    for (const old of this.#customs.get(name) ?? []) this.#byPath.delete(pathOf(old));
    if (resources.length === 0) this.#customs.delete(name);
    else this.#customs.set(name, resources);
    for (const resource of resources) this.#byPath.set(pathOf(resource), resource);
  }

  /** All groups but the core one. */
  groups(): readonly ServedGroup[] {
    const groups = new Map<string, string[]>();
    for (const { group, version } of this.resources()) {
      const versions = groups.get(group) ?? [];
      groups.set(group, versions);
      if (!versions.includes(version)) versions.push(version);
    }
    groups.delete("");
    return [...groups].map(([name, versions]) => ({ name, versions }));
  }

  versionsOf(group: string): readonly string[] {
    return [
      ...new Set(
        this.resources()
          .filter((resource) => resource.group === group)
          .map(({ version }) => version),
      ),
    ];
  }

  /** The kinds of one version of a group. */
  resourcesOf(group: string, version: string): readonly Resource[] {
    return this.resources().filter((resource) => resource.group === group && resource.version === version);
  }
}

const pathOf = ({ group, version, plural }: Resource): string => `${group}/${version}/${plural}`;

/** Stable before beta before alpha, newer first. Source: apimachinery `version.CompareKubeAwareVersionStrings`. */
export function compareVersions(a: string, b: string): number {
  const [rankA, majorA, minorA] = versionParts(a);
  const [rankB, majorB, minorB] = versionParts(b);
  return rankA - rankB || majorB - majorA || minorB - minorA || compareText(a, b);
}

function versionParts(version: string): readonly [rank: number, major: number, minor: number] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [3, 0, 0];
  const [, major, stage, minor] = match;
  return [stage === undefined ? 0 : stage === "beta" ? 1 : 2, Number(major), Number(minor ?? 0)];
}
