import { subjectOf, type Manifest } from "@plumb/api";
import { kubeDetails } from "@plumb/kube";
import { reworded, ToolkitError } from "@plumb/std";
import { withoutSecretValues } from "./without-secret-values.ts";

/** What Flux says of a manifest that the API server does not take (K-044). */
export function dryRunError(object: Manifest, error: ToolkitError): ToolkitError {
  return reworded(error, (message) => `${subjectOf(object)} ${verdict(object, error)}: ${withoutSecretValues(object, message)}`);
}

function verdict({ metadata }: Manifest, error: ToolkitError): string {
  const details = kubeDetails(error);
  if (details?.reason === "NotFound") return (metadata.namespace ?? "") === "" ? "namespace not specified" : "not found";
  const reason = details?.causes.some((cause) => cause.reason === "FieldManagerConflict") === true ? "FieldManagerConflict" : details?.reason;
  return reason === undefined || reason === "" ? "dry-run failed" : `dry-run failed (${reason})`;
}

/** The API server has no place for a namespaced object without a namespace; said without asking it. */
export function namespaceMissing(object: Manifest): ToolkitError {
  return new ToolkitError("invalid", `${subjectOf(object)} namespace not specified: the server could not find the requested resource`);
}
