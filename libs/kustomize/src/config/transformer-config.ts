import { isObject, type JsonValue } from "@plumb/std";
import { invalid, within } from "../build-error.ts";
import { Fields } from "../load/fields.ts";
import { readFieldSpec } from "../load/read-kustomization.ts";
import { DEFAULT_CONFIG } from "../schema/facts.ts";
import { compareGvk, mergeFieldSpecs, type FieldSpec } from "./field-spec.ts";

/** Objects of one kind, and the fields of others that hold their names. */
export interface NameReference {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly referrers: readonly FieldSpec[];
}

/** Which fields each transformer touches. Immutable: merging makes a new one. */
export interface TransformerConfig {
  readonly namePrefix: readonly FieldSpec[];
  readonly nameSuffix: readonly FieldSpec[];
  readonly namespace: readonly FieldSpec[];
  readonly commonLabels: readonly FieldSpec[];
  readonly labels: readonly FieldSpec[];
  readonly templateLabels: readonly FieldSpec[];
  readonly commonAnnotations: readonly FieldSpec[];
  readonly nameReference: readonly NameReference[];
  readonly varReference: readonly FieldSpec[];
  readonly images: readonly FieldSpec[];
  readonly replicas: readonly FieldSpec[];
}

export const EMPTY_CONFIG: TransformerConfig = {
  namePrefix: [],
  nameSuffix: [],
  namespace: [],
  commonLabels: [],
  labels: [],
  templateLabels: [],
  commonAnnotations: [],
  nameReference: [],
  varReference: [],
  images: [],
  replicas: [],
};

let builtIn: TransformerConfig | undefined;

/** What kustomize starts with; immutable, so every build shares it. */
export function defaultConfig(): TransformerConfig {
  // why: the facts hold it in this very form, whole and sorted
  builtIn ??= JSON.parse(DEFAULT_CONFIG) as TransformerConfig;
  return builtIn;
}

/** Reads a `configurations` file. @throws {ToolkitError} `invalid` for an unknown field or a wrong type */
export function readTransformerConfig(value: JsonValue): TransformerConfig {
  if (value !== null && !isObject(value)) throw invalid("error unmarshaling JSON: a transformer configuration must be an object");
  const fields = new Fields(value, "configuration");
  const specs = (name: string): readonly FieldSpec[] => fields.list(name, readFieldSpec).toSorted(compareGvk);
  const config: TransformerConfig = {
    namePrefix: specs("namePrefix"),
    nameSuffix: specs("nameSuffix"),
    namespace: specs("namespace"),
    commonLabels: specs("commonLabels"),
    labels: specs("labels"),
    templateLabels: specs("templateLabels"),
    commonAnnotations: specs("commonAnnotations"),
    nameReference: fields.list("nameReference", readNameReference).toSorted(compareGvk),
    varReference: specs("varReference"),
    images: specs("images"),
    replicas: specs("replicas"),
  };
  fields.end();
  return config;
}

function readNameReference(fields: Fields): NameReference {
  const gvk = fields.embedded();
  return { group: gvk.text("group"), version: gvk.text("version"), kind: gvk.text("kind"), referrers: fields.list("fieldSpecs", readFieldSpec) };
}

/** Adds what `added` has and `config` lacks, each list sorted. @throws {ToolkitError} `invalid` when they disagree */
export function mergeConfig(config: TransformerConfig, added: TransformerConfig): TransformerConfig {
  if (config === added || added === EMPTY_CONFIG) return config;
  if (config === EMPTY_CONFIG && added === builtIn) return added;
  const merge = (name: Exclude<keyof TransformerConfig, "nameReference">): readonly FieldSpec[] => {
    if (added[name].length === 0 || config[name] === added[name]) return config[name];
    return within(`failed to merge ${name} fieldSpec`, () => mergeFieldSpecs(config[name], added[name])).toSorted(compareGvk);
  };
  const merged: TransformerConfig = {
    namePrefix: merge("namePrefix"),
    nameSuffix: merge("nameSuffix"),
    namespace: merge("namespace"),
    commonLabels: merge("commonLabels"),
    labels: merge("labels"),
    templateLabels: merge("templateLabels"),
    commonAnnotations: merge("commonAnnotations"),
    nameReference: mergeNameReferences(config.nameReference, added.nameReference),
    varReference: merge("varReference"),
    images: merge("images"),
    replicas: merge("replicas"),
  };
  return isSameConfig(merged, added) ? added : isSameConfig(merged, config) ? config : merged;
}

/** True when nothing was added: the same lists, so that a deep tree of plain kustomizations keeps one configuration. */
function isSameConfig(a: TransformerConfig, b: TransformerConfig): boolean {
  // why: the keys of a TransformerConfig are all there are
  return (Object.keys(a) as (keyof TransformerConfig)[]).every(
    (name) => a[name].length === b[name].length && JSON.stringify(a[name]) === JSON.stringify(b[name]),
  );
}

function mergeNameReferences(known: readonly NameReference[], added: readonly NameReference[]): readonly NameReference[] {
  if (added.length === 0 || known === added) return known;
  return within("failed to merge NameReference fieldSpec", () => {
    const idOf = ({ group, version, kind }: NameReference): string => JSON.stringify([group, version, kind]);
    const merged = new Map(known.map((reference) => [idOf(reference), reference]));
    for (const reference of added) {
      const id = idOf(reference);
      const other = merged.get(id);
      merged.set(id, other === undefined ? reference : { ...other, referrers: mergeFieldSpecs(other.referrers, reference.referrers) });
    }
    return [...merged.values()];
  }).toSorted(compareGvk);
}
