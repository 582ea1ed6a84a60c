export { FieldSet, FieldSetBuilder } from "./field-set.ts";
export type { ManagedEntry } from "./managed-entry.ts";
export type { ApplyRequest, ApplyResult, FieldConflict, UpdateRequest, VersionView } from "./merge-request.ts";
export { fieldElement, indexElement, keyElement, parseElement, pathText, valueElement, type FieldPath, type PathElement } from "./path-element.ts";
export type { PatchSchema } from "./patch-schema.ts";
