export { FieldSet, FieldSetBuilder, type FieldNode } from "./field-set.ts";
export type { ManagedEntry } from "./managed-entry.ts";
export type { ApplyRequest, ApplyResult, FieldConflict, UpdateRequest, VersionView } from "./merge-request.ts";
export { fieldElement, indexElement, keyElement, parseElement, pathText, valueElement, type FieldPath, type PathElement } from "./path-element.ts";
export type { PatchSchema } from "./patch-schema.ts";
export { applyPatch, updateManaged } from "./structured-merge.ts";
export { extractFields, removeFields } from "./typed-remove.ts";
export { fieldsOf } from "./typed-fields.ts";
export { compareTyped, type Comparison } from "./typed-compare.ts";
