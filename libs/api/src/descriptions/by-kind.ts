import type { Description } from "./descriptions.ts";
import { KUSTOMIZATION_DESCRIPTIONS } from "./kustomization.ts";

/** The texts of every kind, by its name. */
export const DESCRIPTIONS: Readonly<Record<string, { readonly spec: Description; readonly status?: Description }>> = {
  Kustomization: KUSTOMIZATION_DESCRIPTIONS,
};
