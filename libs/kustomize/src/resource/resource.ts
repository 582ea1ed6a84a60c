import type { Origin } from "@plumb/api";
import { copyNode, type YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { clearField, fieldOf, isEmpty, scalarNode, setField } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { annotationText, annotationsToSet, appendEntry, filledText, metadataMap, metadataOf, metadataText, setMetadataMap, topText } from "../node/metadata.ts";
import type { Schema } from "../schema/schema.ts";
import {
  ALLOW_KIND_CHANGE,
  ALLOW_NAME_CHANGE,
  BEHAVIOR,
  BUILD_ANNOTATIONS,
  ENABLED,
  NEEDS_HASH,
  PREFIXES,
  PREVIOUS_KINDS,
  PREVIOUS_NAMES,
  PREVIOUS_NAMESPACES,
  REFERRED_BY,
  SUFFIXES,
} from "./build-annotations.ts";
import { apiVersionOf, effectiveNamespace, idText, type Gvk, type ResourceId } from "./resource-id.ts";

export type Behavior = "unspecified" | "create" | "replace" | "merge";

/**
 * One object of a build. What the build remembers of it (former names, prefixes, whether it needs a hash) lies in annotations of
 * the object itself, as in kustomize: a patch that replaces all annotations makes it forget.
 */
export class Resource {
  /** undefined once a patch has deleted the object. */
  node: YamlNode | undefined;
  readonly origin: Origin | undefined;
  /** Names of the variables that read from it. */
  variables: readonly string[] = [];
  readonly #schema: Schema;

  constructor(node: YamlNode | undefined, schema: Schema, origin: Origin | undefined) {
    this.node = node;
    this.#schema = schema;
    this.origin = origin;
  }

  copy(): Resource {
    const copy = new Resource(this.node === undefined ? undefined : copyNode(this.node), this.#schema, this.origin);
    copy.variables = this.variables;
    return copy;
  }

  get isEmpty(): boolean {
    return isEmpty(this.node);
  }

  get kind(): string {
    return topText(this.node, "kind");
  }

  get apiVersion(): string {
    return topText(this.node, "apiVersion");
  }

  get name(): string {
    return metadataText(this.node, "name");
  }

  get namespace(): string {
    return metadataText(this.node, "namespace");
  }

  get gvk(): Gvk {
    return this.#schema.gvkOf(this.apiVersion, this.kind);
  }

  /** The id it has now. */
  get id(): ResourceId {
    const { group, version, kind, isClusterScoped } = this.gvk;
    const metadata = metadataOf(this.node);
    return { group, version, kind, isClusterScoped, name: filledText(metadata, "name"), namespace: filledText(metadata, "namespace") };
  }

  /** The ids it had before, the oldest first. */
  get previousIds(): readonly ResourceId[] {
    const annotations = fieldOf(metadataOf(this.node), "annotations");
    const names = fieldOf(annotations, PREVIOUS_NAMES)?.value.split(",");
    if (names === undefined) return [];
    const namespaces = (fieldOf(annotations, PREVIOUS_NAMESPACES)?.value ?? "").split(",");
    const kinds = (fieldOf(annotations, PREVIOUS_KINDS)?.value ?? "").split(",");
    // A name with a comma, which kustomize crashes on.
    if (names.length !== namespaces.length || names.length !== kinds.length)
      throw invalid(`number of previous names, number of previous namespaces, number of previous kinds not equal: ${names.join(",")}`);
    const { group, version } = this.gvk;
    return names.map((name, i) => ({ group, version, kind: kinds[i] ?? "", isClusterScoped: false, name, namespace: namespaces[i] ?? "" }));
  }

  /** The id it was read with. */
  get originalId(): ResourceId {
    return this.previousIds[0] ?? this.id;
  }

  /** The name it was read with. */
  get originalName(): string {
    return this.annotation(PREVIOUS_NAMES)?.split(",", 1)[0] ?? this.name;
  }

  hasOrHadName(name: string): boolean {
    return this.name === name || this.#list(PREVIOUS_NAMES).includes(name);
  }

  setKind(kind: string): void {
    setField(this.node, "kind", scalarNode(kind));
  }

  setGvk(gvk: Gvk): void {
    this.setKind(gvk.kind);
    setField(this.node, "apiVersion", scalarNode(apiVersionOf(gvk)));
  }

  setName(name: string): void {
    this.#setMetadata("name", name);
  }

  setNamespace(namespace: string): void {
    if (namespace === "") clearField(lookup(this.node, ["metadata"]), "namespace");
    else this.#setMetadata("namespace", namespace);
  }

  #setMetadata(field: string, value: string): void {
    const metadata = lookup(this.node, ["metadata"], "mapping");
    if (metadata !== undefined) setField(metadata, field, scalarNode(value));
  }

  get annotations(): Map<string, string> {
    return metadataMap(this.node, "annotations");
  }

  set annotations(map: ReadonlyMap<string, string>) {
    setMetadataMap(this.node, "annotations", map);
  }

  get labels(): Map<string, string> {
    return metadataMap(this.node, "labels");
  }

  set labels(map: ReadonlyMap<string, string>) {
    setMetadataMap(this.node, "labels", map);
  }

  annotation(key: string): string | undefined {
    return annotationText(this.node, key);
  }

  #appendTo(key: string, text: string): void {
    if (text !== "" && this.node !== undefined) appendEntry(annotationsToSet(this.node), key, text);
  }

  #list(key: string): readonly string[] {
    return this.annotation(key)?.split(",") ?? [];
  }

  /** Remembers the id it has now, before it changes. */
  storePreviousId(id: ResourceId = this.id): void {
    if (this.node === undefined) return;
    const annotations = annotationsToSet(this.node);
    if (id.name !== "") appendEntry(annotations, PREVIOUS_NAMES, id.name);
    appendEntry(annotations, PREVIOUS_NAMESPACES, effectiveNamespace(id));
    if (id.kind !== "") appendEntry(annotations, PREVIOUS_KINDS, id.kind);
  }

  addPrefix(prefix: string): void {
    this.#appendTo(PREFIXES, prefix);
  }

  addSuffix(suffix: string): void {
    this.#appendTo(SUFFIXES, suffix);
  }

  get prefixes(): readonly string[] {
    return this.#list(PREFIXES);
  }

  get suffixes(): readonly string[] {
    return this.#list(SUFFIXES);
  }

  addReferrer(id: ResourceId): void {
    this.#appendTo(REFERRED_BY, idText(id));
  }

  #enable(key: string): void {
    this.annotations = new Map([...this.annotations, [key, ENABLED]]);
  }

  allowNameChange(): void {
    this.#enable(ALLOW_NAME_CHANGE);
  }

  allowKindChange(): void {
    this.#enable(ALLOW_KIND_CHANGE);
  }

  requireHash(): void {
    this.#enable(NEEDS_HASH);
  }

  get mayChangeName(): boolean {
    return this.annotation(ALLOW_NAME_CHANGE) === ENABLED;
  }

  get mayChangeKind(): boolean {
    return this.annotation(ALLOW_KIND_CHANGE) === ENABLED;
  }

  get needsHash(): boolean {
    return this.annotation(NEEDS_HASH) === ENABLED;
  }

  get behavior(): Behavior {
    const text = this.annotation(BEHAVIOR);
    return text === "create" || text === "replace" || text === "merge" ? text : "unspecified";
  }

  set behavior(behavior: Behavior) {
    this.annotations = new Map([...this.annotations, [BEHAVIOR, behavior]]);
  }

  /** Takes labels, annotations, name and namespace from `other`; its own labels and annotations win, what the build remembers does not. */
  inheritMetadata(other: Resource): void {
    this.labels = new Map([...other.labels, ...this.labels]);
    const own = this.annotations;
    const theirs = other.annotations;
    const merged = new Map([...theirs, ...own]);
    for (const key of BUILD_ANNOTATIONS) {
      const value = theirs.get(key);
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    if (!own.has(NEEDS_HASH)) merged.delete(NEEDS_HASH);
    this.annotations = merged;
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.variables = other.variables;
  }

  removeBuildAnnotations(): void {
    const { annotations } = this;
    if (annotations.size === 0) return;
    for (const key of BUILD_ANNOTATIONS) annotations.delete(key);
    this.annotations = annotations;
  }
}
