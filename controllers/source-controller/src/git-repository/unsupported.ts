import type { GitRepositorySpec } from "@plumb/api";

/** What the CRD admits and this version does not do: refused by name, never ignored. Undefined where there is none. */
export function unsupportedField(spec: GitRepositorySpec): string | undefined {
  const asked: Readonly<Record<string, boolean>> = {
    "spec.url with the scheme ssh": spec.url.startsWith("ssh://"),
    "spec.verify": spec.verify !== undefined,
    "spec.include": (spec.include ?? []).length > 0,
    "spec.sparseCheckout": (spec.sparseCheckout ?? []).length > 0,
    "spec.recurseSubmodules": spec.recurseSubmodules === true,
    [`spec.provider ${JSON.stringify(spec.provider ?? "")}`]: (spec.provider ?? "generic") !== "generic",
    "spec.serviceAccountName": (spec.serviceAccountName ?? "") !== "",
  };
  return Object.entries(asked).find(([, isAsked]) => isAsked)?.[0];
}
