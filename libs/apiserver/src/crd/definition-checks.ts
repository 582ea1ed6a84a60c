import type { JsonObject } from "@plumb/std";
import { draftsAt, textAt, within, type Draft } from "../draft.ts";
import type { FieldFault } from "../refusal.ts";

/** The status endpoint of a definition changes the status alone. */
export const DEFINITION_STATUS_KEEPS: readonly (readonly string[])[] = [["metadata", "labels"], ["metadata", "annotations"], ["metadata", "finalizers"], ["metadata", "ownerReferences"]];

export const DEFINITION_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

export function prepareDefinition(draft: Draft): void {
  const status: Draft = { storedVersions: draftsAt(draft, "spec", "versions").filter((version) => version["storage"] === true).map((version) => textAt(version, "name") ?? "") };
  draft["status"] = status;
  const metadata = within(draft, "metadata");
  const finalizers = metadata["finalizers"];
  metadata["finalizers"] = [...(Array.isArray(finalizers) ? finalizers : []), DEFINITION_FINALIZER];
}

export function prepareDefinitionUpdate(): void {}

export function validateDefinition(_definition: JsonObject): readonly FieldFault[] {
  return [];
}

export function validateDefinitionUpdate(_definition: JsonObject, _old: JsonObject): readonly FieldFault[] {
  return [];
}
