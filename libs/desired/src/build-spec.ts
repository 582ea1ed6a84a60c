import { asksToSubstitute, type KustomizationSpec } from "@plumb/api";

const FIELDS = [
  "path",
  "targetNamespace",
  "namePrefix",
  "nameSuffix",
  "patches",
  "images",
  "components",
  "ignoreMissingComponents",
  "buildMetadata",
  "commonMetadata",
  "postBuild",
  "decryption",
] as const;

/** The part of a Kustomization's spec that decides what is built. */
export type BuildSpec = Pick<KustomizationSpec, (typeof FIELDS)[number]>;

/** That part of a whole spec: of one folder, two that are equal build the same, whatever else their Kustomizations ask for. */
export function buildSpecOf(spec: KustomizationSpec): BuildSpec {
  // why: each value stands under its own field's name, and a field that is not there stays away
  return Object.fromEntries(FIELDS.flatMap((field) => (spec[field] === undefined ? [] : [[field, spec[field]]]))) as BuildSpec;
}

/** Names the first field of a build that the API admits and that is not built yet; undefined when there is none. */
export function unsupportedBuildField(spec: BuildSpec): string | undefined {
  if (asksToSubstitute(spec)) return "spec.postBuild";
  return spec.decryption === undefined ? undefined : "spec.decryption";
}
