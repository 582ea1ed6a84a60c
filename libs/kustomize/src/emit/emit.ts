import type { Origin } from "@plumb/api";
import { isObject, type JsonObject } from "@plumb/std";
import { decodeNode, stringify } from "@plumb/yaml";
import { invalid, within } from "../build-error.ts";
import type { Resource } from "../resource/resource.ts";
import { fileNames } from "./file-names.ts";

export interface BuiltObject {
  readonly object: JsonObject;
  /** Where the object was written, or the kustomization whose generator made it. */
  readonly origin?: Origin;
}

export interface Build {
  readonly objects: readonly BuiltObject[];
  /** All objects as `kustomize build` prints them. */
  text(): string;
  /** Each object as `kustomize build -o DIR` writes it, by the name of its file. */
  files(): ReadonlyMap<string, string>;
}

/** The objects as they go out, in this order. @param show how messages show a file */
export function emit(resources: readonly Resource[], show: (path: string) => string): Build {
  const objects = resources.map((resource) => builtObject(resource, show));
  const ids = resources.map(({ id }) => id);
  return {
    objects,
    text: () => objects.map(({ object }) => stringify(object)).join("---\n"),
    files: () => {
      const names = fileNames(ids);
      return new Map(objects.map(({ object }, i) => [names[i] ?? "", stringify(object)]));
    },
  };
}

function builtObject(resource: Resource, show: (path: string) => string): BuiltObject {
  const { node, origin } = resource;
  const path = origin === undefined ? undefined : show(origin.path);
  const shown = (): string => `${resource.kind} ${resource.name}${origin === undefined ? "" : ` (from ${path}:${origin.line})`}`;
  const object = within(shown, () => (node === undefined ? null : decodeNode(node, { path })));
  if (!isObject(object)) throw invalid(`${shown()} is no object`);
  return origin === undefined ? { object } : { object, origin };
}
