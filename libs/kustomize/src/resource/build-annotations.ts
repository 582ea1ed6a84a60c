const DOMAIN = "internal.config.kubernetes.io";

/** Annotations in which a build keeps what it knows about an object; none is left in the result. */
export const PREVIOUS_KINDS: string = `${DOMAIN}/previousKinds`;
export const PREVIOUS_NAMES: string = `${DOMAIN}/previousNames`;
export const PREVIOUS_NAMESPACES: string = `${DOMAIN}/previousNamespaces`;
export const PREFIXES: string = `${DOMAIN}/prefixes`;
export const SUFFIXES: string = `${DOMAIN}/suffixes`;
export const REFERRED_BY: string = `${DOMAIN}/refBy`;
export const BEHAVIOR: string = `${DOMAIN}/generatorBehavior`;
export const NEEDS_HASH: string = `${DOMAIN}/needsHashSuffix`;
export const ALLOW_NAME_CHANGE: string = `${DOMAIN}/allowNameChange`;
export const ALLOW_KIND_CHANGE: string = `${DOMAIN}/allowKindChange`;
export const HELM_GENERATED: string = `${DOMAIN}/helm-generated`;
export const ENABLED = "enabled";

const LEGACY: readonly string[] = ["config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id"];

export const BUILD_ANNOTATIONS: readonly string[] = [
  PREVIOUS_KINDS,
  PREVIOUS_NAMES,
  PREFIXES,
  SUFFIXES,
  PREVIOUS_NAMESPACES,
  ALLOW_NAME_CHANGE,
  ALLOW_KIND_CHANGE,
  REFERRED_BY,
  BEHAVIOR,
  NEEDS_HASH,
  `${DOMAIN}/path`,
  `${DOMAIN}/index`,
  `${DOMAIN}/seqindent`,
  `${DOMAIN}/id`,
  `${DOMAIN}/annotations-migration-resource-id`,
  ...LEGACY,
  HELM_GENERATED,
];

/** True for what a JSON patch cannot take away. */
export function isInternalAnnotation(key: string): boolean {
  return key.startsWith(`${DOMAIN}/`) || LEGACY.includes(key);
}

/** Where an object or a change came from, when `buildMetadata` asks for it; these stay. */
export const ORIGIN = "config.kubernetes.io/origin";
export const TRANSFORMATIONS = "alpha.config.kubernetes.io/transformations";
export const LOCAL_CONFIG = "config.kubernetes.io/local-config";
