import type { Origin } from "@plumb/api";
import { parseNodes, YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import type { GeneratorArgs, GeneratorOptions } from "../load/kustomization.ts";
import type { Loader } from "../load/loader.ts";
import { scalarNode, setField, stringNode } from "../node/fields.ts";
import { byBytes } from "../node/by-bytes.ts";
import { setMetadataEntry } from "../node/metadata.ts";
import { lookup } from "../node/lookup.ts";
import { Resource, type Behavior } from "../resource/resource.ts";
import { addConfigMapData, addSecretData } from "./data.ts";
import { loadKeyValues } from "./key-values.ts";

/** Makes a ConfigMap. @param origin the kustomization that asks for it */
export async function generateConfigMap(args: GeneratorArgs, loader: Loader, context: BuildContext, origin: Origin | undefined): Promise<Resource> {
  const node = baseNode("ConfigMap", args, context);
  addConfigMapData(node, await loadKeyValues(args, loader, context.limits));
  return finished(node, args, context, origin);
}

/** Makes a Secret, of type Opaque unless another is given. */
export async function generateSecret(args: GeneratorArgs, loader: Loader, context: BuildContext, origin: Origin | undefined): Promise<Resource> {
  const node = baseNode("Secret", args, context);
  setField(node, "type", stringNode(args.type === "" ? "Opaque" : args.type));
  addSecretData(node, await loadKeyValues(args, loader, context.limits, withoutValue));
  return finished(node, args, context, origin);
}

function withoutValue(literal: string): string {
  return `${/^[^=]+=/.exec(literal)?.[0] ?? ""}*****`;
}

/** What kustomize reads from a text that it has at hand: a line break comes first. */
function baseNode(kind: string, { name, namespace }: GeneratorArgs, { places }: BuildContext): YamlNode {
  if (name === "") throw invalid("a configmap must have a name");
  const [node = new YamlNode("mapping", "!!map")] = parseNodes(`\napiVersion: v1\nkind: ${kind}\n`, { places });
  const metadata = lookup(node, ["metadata"], "mapping");
  setField(metadata, "name", stringNode(name));
  if (namespace !== "") setField(metadata, "namespace", stringNode(namespace));
  return node;
}

function finished(node: YamlNode, { behavior, options }: GeneratorArgs, { schema }: BuildContext, origin: Origin | undefined): Resource {
  for (const name of ["labels", "annotations"] as const) {
    const entries = options?.[name];
    for (const key of [...(entries?.keys() ?? [])].sort(byBytes)) setMetadataEntry(node, name, key, entries?.get(key) ?? "");
  }
  if (options?.immutable === true) setField(node, "immutable", scalarNode("true", "!!bool"));
  const resource = new Resource(node, schema, origin);
  if (options?.disableNameSuffixHash !== true) resource.requireHash();
  resource.behavior = behaviorOf(behavior);
  return resource;
}

function behaviorOf(text: string): Behavior {
  return text === "create" || text === "replace" || text === "merge" ? text : "unspecified";
}

/** The options of one generator with what `generatorOptions` adds. */
export function withGlobalOptions(args: GeneratorArgs, global: GeneratorOptions | undefined): GeneratorArgs {
  if (global === undefined) return args;
  const own = args.options;
  const merged = (name: "labels" | "annotations"): ReadonlyMap<string, string> | undefined =>
    global[name] === undefined ? own?.[name] : new Map([...global[name], ...(own?.[name] ?? [])]);
  return {
    ...args,
    options: {
      labels: merged("labels"),
      annotations: merged("annotations"),
      disableNameSuffixHash: global.disableNameSuffixHash || own?.disableNameSuffixHash === true,
      immutable: global.immutable || own?.immutable === true,
    },
  };
}
