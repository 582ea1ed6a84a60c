import { REASON, type Receiver } from "@plumb/api";
import { SUPPORTED_TYPES } from "./authenticate.ts";

/** What only a change of the Receiver sets right. */
export interface Defect {
  readonly reason: string;
  readonly message: string;
}

const TERMINAL = "Reconciliation failed terminally due to configuration error";

/** Why a Receiver cannot be served whatever its Secret holds; undefined when it can (N-003). Pure; the first that holds counts. */
export function defectOf({ spec }: Pick<Receiver, "spec">): Defect | undefined {
  const field = unsupportedField(spec);
  if (field !== undefined) return { reason: REASON.FeatureNotSupported, message: `${TERMINAL}: ${field} is not supported` };
  if (spec.secretRef === undefined) return { reason: "ValidationFailed", message: `${TERMINAL}: secretRef is required when type is not generic-oidc` };
  return undefined;
}

/** The field that the CRD admits and this controller does not act on. */
function unsupportedField({ type, oidcProviders, resourceFilter, resources }: Receiver["spec"]): string | undefined {
  if (!SUPPORTED_TYPES.includes(type)) return `spec.type "${type}"`;
  if (oidcProviders !== undefined && oidcProviders.length > 0) return "spec.oidcProviders";
  if (resourceFilter !== undefined && resourceFilter !== "") return "spec.resourceFilter";
  const filtered = resources.findIndex(({ filter }) => filter !== undefined && filter !== "");
  return filtered === -1 ? undefined : `spec.resources[${filtered}].filter`;
}
