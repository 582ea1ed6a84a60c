import type { KustomizationSpec } from "./kinds/kustomization.ts";

/** False where `postBuild` names nothing to substitute with, which leaves all as it is (K-036). */
export function asksToSubstitute({ postBuild = {} }: Pick<KustomizationSpec, "postBuild">): boolean {
  const { substitute = {}, substituteFrom = [], substituteStrategy } = postBuild;
  return substituteStrategy === "Always" || substituteFrom.length > 0 || Object.keys(substitute).length > 0;
}
