import { isObject, ToolkitError, type JsonValue } from "@plumb/std";

/** What kustomize reads some fields of a kustomization into, as Go names it. */
const TYPES: Readonly<Record<string, string>> = {
  namespace: "string",
  namePrefix: "string",
  nameSuffix: "string",
  commonLabels: "map[string]string",
  commonAnnotations: "map[string]string",
  resources: "[]string",
  components: "[]string",
  crds: "[]string",
  bases: "[]string",
  configurations: "[]string",
  generators: "[]string",
  transformers: "[]string",
  validators: "[]string",
  labels: "[]types.Label",
  patches: "[]types.Patch",
  patchesJson6902: "[]types.Patch",
  patchesStrategicMerge: "[]types.PatchStrategicMerge",
  images: "[]types.Image",
  replicas: "[]types.Replica",
  replacements: "[]types.ReplacementField",
  configMapGenerator: "[]types.ConfigMapArgs",
  secretGenerator: "[]types.SecretArgs",
};

/**
 * Refuses a field of another type, in the words in which Flux does before it builds.
 *
 * @param placeOf says where in which file the field stands, or one of its items
 * @throws {ToolkitError} `invalid`
 */
export function checkFieldType(field: string, value: JsonValue, placeOf: (way: readonly number[]) => string): void {
  const type = TYPES[field];
  const misfit = type === undefined ? undefined : misfitOf(value, type);
  if (misfit === undefined) return;
  const words = `cannot unmarshal ${misfit.found} into Go struct field Kustomization.${field} of type ${misfit.type}`;
  throw new ToolkitError("invalid", `error unmarshaling JSON: while decoding JSON: json: ${words} (${placeOf(misfit.way)})`);
}

interface Misfit {
  readonly found: string;
  readonly type: string;
  /** Index of an item that does not fit; empty where the field itself does not. */
  readonly way: readonly number[];
}

/** What was found in place of which type; undefined where it fits. */
function misfitOf(value: JsonValue, type: string): Misfit | undefined {
  const misfit = { found: typeName(value), type, way: [] };
  if (type === "string") return typeof value === "string" ? undefined : misfit;
  if (type.startsWith("map[")) return isObject(value) ? undefined : misfit;
  if (!Array.isArray(value)) return misfit;
  const index = type === "[]string" ? value.findIndex((item) => item !== null && typeof item !== "string") : -1;
  return index === -1 ? undefined : { found: typeName(value[index] ?? null), type: "string", way: [index] };
}

function typeName(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
