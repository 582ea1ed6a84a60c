import { asksToSubstitute, type KustomizationSpec } from "@plumb/api";

/** The part of a Kustomization's spec that decides what is built. */
export type BuildSpec = Pick<
  KustomizationSpec,
  | "path"
  | "targetNamespace"
  | "namePrefix"
  | "nameSuffix"
  | "patches"
  | "images"
  | "components"
  | "ignoreMissingComponents"
  | "buildMetadata"
  | "commonMetadata"
  | "postBuild"
  | "decryption"
>;

/** Names the first field of a build that the API admits and that is not built yet; undefined when there is none. */
export function unsupportedBuildField(spec: BuildSpec): string | undefined {
  if (asksToSubstitute(spec)) return "spec.postBuild";
  return spec.decryption === undefined ? undefined : "spec.decryption";
}
