import { compareText, stringifyJson } from "@plumb/std";
import type { Share } from "./managers.ts";
import type { FieldConflict } from "./merge-request.ts";
import { pathText, type FieldPath } from "./path-element.ts";

export function fieldConflict(share: Share, path: FieldPath): FieldConflict {
  const { manager, operation, subresource, apiVersion, time } = share;
  return { manager, operation, subresource, apiVersion, time, path, field: pathText(path), message: `conflict with ${managerText(share)}` };
}

/** `"kubectl-edit" with subresource "scale" using apps/v1`; an applier by name alone. */
function managerText({ manager, operation, subresource, apiVersion }: Pick<Share, "manager" | "operation" | "subresource" | "apiVersion">): string {
  const name = `${stringifyJson(manager)}${subresource === undefined ? "" : ` with subresource ${stringifyJson(subresource)}`}`;
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** All conflicts in one message, grouped by manager, as the API server writes it. */
export function conflictMessage(conflicts: readonly FieldConflict[]): string {
  const [first, ...rest] = conflicts;
  if (first === undefined) return "";
  if (rest.length === 0) return `Apply failed with 1 conflict: ${first.message}: ${first.field}`;
  const groups = Map.groupBy(conflicts, ({ message }) => message);
  const lines = [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([message, group]) => [`${message.replace("conflict with", "conflicts with")}:`, ...group.map(({ field }) => `- ${field}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}
