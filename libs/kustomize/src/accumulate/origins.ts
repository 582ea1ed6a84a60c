import { stringify } from "@plumb/yaml";
import type { FieldSpec } from "../config/field-spec.ts";
import { scalarNode, setField } from "../node/fields.ts";
import { ORIGIN, TRANSFORMATIONS } from "../resource/build-annotations.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Resource } from "../resource/resource.ts";
import { applyFieldSpec } from "../transform/apply-field-spec.ts";

/** Where an object, or a change of it, came from: what `buildMetadata` has written into annotations. */
export interface BuildOrigin {
  readonly path?: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: { readonly apiVersion: string; readonly kind: string; readonly name?: string; readonly namespace?: string };
}

const ORDER = ["path", "repo", "ref", "configuredIn"] as const;

/** The origin as YAML in the order of Go's struct. */
export function originText(origin: BuildOrigin): string {
  return originLines(origin)
    .map((line) => `${line}\n`)
    .join("");
}

function originLines(origin: BuildOrigin): readonly string[] {
  const lines = ORDER.flatMap((name) => entry(name, origin[name]));
  const { configuredBy } = origin;
  if (configuredBy === undefined) return lines;
  const { apiVersion, kind, name, namespace } = configuredBy;
  const inner = [...entry("apiVersion", apiVersion), ...entry("kind", kind), ...entry("name", name), ...entry("namespace", namespace)];
  return inner.length === 0 ? lines : [...lines, "configuredBy:", ...inner.map((line) => `  ${line}`)];
}

function entry(name: string, value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [stringify({ [name]: value }).trimEnd()];
}

const ANNOTATIONS: FieldSpec = { group: "", version: "", kind: "", path: "metadata/annotations", create: true };

/** Notes in which file objects stand, whatever was noted before. */
export function setOrigin(resources: readonly Resource[], origin: BuildOrigin | undefined): void {
  if (origin === undefined) return;
  const text = originText(origin);
  for (const { node } of resources) {
    if (node !== undefined) applyFieldSpec(node, ANNOTATIONS, (field) => setField(field, ORIGIN, scalarNode(text, "!!str")), { kind: "mapping", tag: "!!map" });
  }
}

/** Notes where objects came from that have no origin yet. */
export function noteOrigin(resources: readonly Resource[], origin: BuildOrigin | undefined): void {
  if (origin === undefined) return;
  for (const resource of resources) if (resource.annotation(ORIGIN) === undefined) setAnnotation(resource, ORIGIN, originText(origin));
}

/** Notes that all objects went through a transformer; one without an origin was made by it. */
export function noteTransformation(resources: ResourceList, origin: BuildOrigin): void {
  const item = originLines(origin)
    .map((line, i) => `${i === 0 ? "- " : "  "}${line}\n`)
    .join("");
  for (const resource of resources.items) {
    if (resource.annotation(ORIGIN) === undefined) setAnnotation(resource, ORIGIN, originText(origin));
    else setAnnotation(resource, TRANSFORMATIONS, `${resource.annotation(TRANSFORMATIONS) ?? ""}${item}`);
  }
}

function setAnnotation(resource: Resource, key: string, value: string): void {
  resource.annotations = new Map([...resource.annotations, [key, value]]);
}

export function removeAnnotation(resource: Resource, key: string): void {
  const { annotations } = resource;
  annotations.delete(key);
  resource.annotations = annotations;
}
