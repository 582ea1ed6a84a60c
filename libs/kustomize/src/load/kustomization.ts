import type { FieldSpec } from "../config/field-spec.ts";

export interface Selector {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly annotationSelector: string;
  readonly labelSelector: string;
}

export interface Patch {
  readonly path: string;
  readonly patch: string;
  readonly target: Selector | undefined;
  readonly options: { readonly allowNameChange: boolean; readonly allowKindChange: boolean } | undefined;
}

export interface GeneratorOptions {
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly annotations: ReadonlyMap<string, string> | undefined;
  readonly disableNameSuffixHash: boolean;
  readonly immutable: boolean;
}

/** Arguments of a generator of a ConfigMap or, with a type, a Secret. */
export interface GeneratorArgs {
  readonly name: string;
  readonly namespace: string;
  readonly behavior: string;
  readonly literals: readonly string[];
  readonly files: readonly string[];
  readonly envs: readonly string[];
  readonly type: string;
  readonly options: GeneratorOptions | undefined;
}

export interface Image {
  readonly name: string;
  readonly newName: string;
  readonly tagSuffix: string;
  readonly newTag: string;
  readonly digest: string;
}

export interface Replica {
  readonly name: string;
  readonly count: number | bigint;
}

export interface Label {
  readonly pairs: ReadonlyMap<string, string>;
  readonly includeSelectors: boolean;
  readonly includeTemplates: boolean;
  readonly fields: readonly FieldSpec[];
}

export interface ReplacementOptions {
  readonly delimiter: string;
  readonly index: number;
  readonly create: boolean;
}

export interface ReplacementSource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly fieldPath: string;
  readonly options: ReplacementOptions | undefined;
}

export interface ReplacementTarget {
  readonly select: Selector | undefined;
  readonly reject: readonly Selector[];
  readonly fieldPaths: readonly string[];
  readonly options: ReplacementOptions | undefined;
}

export interface Replacement {
  readonly source: ReplacementSource | undefined;
  readonly sourceValue: string | undefined;
  /** undefined when the field is absent. */
  readonly targets: readonly ReplacementTarget[] | undefined;
  /** A file that holds the replacements. */
  readonly path: string;
}

export interface Variable {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly objectName: string;
  readonly namespace: string;
  readonly fieldPath: string;
}

export interface SortOptions {
  readonly order: string;
  readonly legacy: { readonly orderFirst: readonly string[]; readonly orderLast: readonly string[] } | undefined;
}

/** A Kustomization or Component, every field that kustomize 5.8 has; deprecated ones moved to where they belong. */
export interface Kustomization {
  readonly kind: string;
  readonly openapi: ReadonlyMap<string, string>;
  readonly namePrefix: string;
  readonly nameSuffix: string;
  readonly namespace: string;
  readonly commonLabels: ReadonlyMap<string, string>;
  readonly labels: readonly Label[];
  readonly commonAnnotations: ReadonlyMap<string, string>;
  readonly patchesStrategicMerge: readonly string[];
  readonly patchesJson6902: readonly Patch[];
  readonly patches: readonly Patch[];
  readonly images: readonly Image[];
  readonly replacements: readonly Replacement[];
  readonly replicas: readonly Replica[];
  readonly vars: readonly Variable[];
  readonly sortOptions: SortOptions | undefined;
  readonly resources: readonly string[];
  readonly components: readonly string[];
  readonly crds: readonly string[];
  readonly configMapGenerator: readonly GeneratorArgs[];
  readonly secretGenerator: readonly GeneratorArgs[];
  readonly generatorOptions: GeneratorOptions | undefined;
  readonly configurations: readonly string[];
  readonly generators: readonly string[];
  readonly transformers: readonly string[];
  readonly validators: readonly string[];
  readonly buildMetadata: readonly string[];
}
