import { FieldSet, FieldSetBuilder } from "./field-set.ts";
import type { PatchSchema } from "./patch-schema.ts";
import type { FieldPath, PathElement } from "./path-element.ts";
import { isAtomicList, isAtomicMap, itemSchema, memberSchema } from "./shape.ts";

/**
 * Adds every declared field that leads to a member: fields of structs are removed with what is in them, keys of maps are not.
 */
export function withNamedFields(set: FieldSet, schema: PatchSchema | undefined): FieldSet {
  const builder = new FieldSetBuilder();
  name(set, schema, builder);
  return builder.build();
}

function name(set: FieldSet, schema: PatchSchema | undefined, into: FieldSetBuilder): void {
  for (const { element, isMember, below } of set.unsortedNodes()) {
    const isNamed = element.kind === "field" && schema?.fields.has(element.name) === true && !below.isEmpty;
    if (isMember || isNamed) into.addElement(element);
    if (!below.isEmpty) name(below, schema === undefined ? undefined : schemaBelow(schema, element), into.at(element));
  }
}

function schemaBelow(schema: PatchSchema, element: PathElement): PatchSchema | undefined {
  if (element.kind === "field") return schema.type === "object" || schema.type === "any" ? memberSchema(schema, element.name) : undefined;
  return element.kind === "key" && (schema.type === "array" || schema.type === "any") ? itemSchema(schema) : undefined;
}

/**
 * A set that was written under another schema, fitted to this one: where a list or map has become atomic, its owner owns it
 * as a whole, and nothing in it.
 */
export function fitToSchema(set: FieldSet, schema: PatchSchema): FieldSet {
  const fit = new SchemaFit();
  fit.visit(set, schema, [], false);
  const { whole } = fit;
  if (whole.length === 0) return set;
  const roots = FieldSet.of(whole);
  return set.withoutSubtrees(roots).union(roots);
}

class SchemaFit {
  /** Paths that are one value now. */
  readonly whole: FieldPath[] = [];

  /** @param isLeaf true where the set names the place itself and nothing below it */
  visit(set: FieldSet, schema: PatchSchema, path: FieldPath, isLeaf: boolean): void {
    switch (schema.type) {
      case "array":
        return this.#list(set, schema, path, isLeaf);
      case "object":
        return this.#map(set, schema, path, isLeaf);
      case "any":
        return isAtomicMap(schema) ? this.#map(set, schema, path, isLeaf) : undefined;
      default:
        return undefined;
    }
  }

  #list(set: FieldSet, schema: PatchSchema, path: FieldPath, isLeaf: boolean): void {
    if (isAtomicList(schema)) {
      if (!isLeaf) this.whole.push(path);
      return;
    }
    for (const { element, isMember, below } of set.unsortedNodes()) this.visit(below, itemSchema(schema), [...path, element], isMember && below.isEmpty);
  }

  #map(set: FieldSet, schema: PatchSchema, path: FieldPath, isLeaf: boolean): void {
    if (schema.fields.size === 0 && schema.values?.type === "any") return;
    if (isAtomicMap(schema)) {
      if (!isLeaf && !set.isEmpty) this.whole.push(path);
      return;
    }
    for (const { element, isMember, below } of set.unsortedNodes()) {
      const member = element.kind === "field" ? memberSchema(schema, element.name) : schema.values;
      if (member !== undefined) this.visit(below, member, [...path, element], isMember && below.isEmpty);
    }
  }
}
