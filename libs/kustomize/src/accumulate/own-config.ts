import { parseOne } from "@plumb/yaml";
import { invalid, prefixed, within } from "../build-error.ts";
import { readCrdConfig } from "../config/crd-config.ts";
import { EMPTY_CONFIG, defaultConfig, mergeConfig, readTransformerConfig, type TransformerConfig } from "../config/transformer-config.ts";
import type { Target } from "./target.ts";

/**
 * What kustomize starts with, and what the files of `configurations` add to it. The order in which all this is merged is
 * kustomize's, for it decides which of two specifications that overlap is kept.
 */
export async function ownConfig({ kustomization, loader }: Target): Promise<TransformerConfig> {
  let added = EMPTY_CONFIG;
  for (const path of kustomization.configurations) {
    const value = parseOne(await loader.load(path), { path, dialect: "kubernetes", uniqueKeys: true });
    added = within(`configuration file '${path}'`, () => mergeConfig(added, readTransformerConfig(value)));
  }
  return mergeConfig(defaultConfig(), added);
}

/** What the files of `crds` say about fields of custom kinds. */
export async function crdConfig({ kustomization: { crds }, loader }: Target): Promise<TransformerConfig> {
  let config = EMPTY_CONFIG;
  try {
    for (const path of crds) {
      const bytes = await loader.load(path);
      // Kustomize crashes at it.
      if (bytes.length === 0) throw invalid(`'${path}' is empty`);
      const value = parseOne(bytes, { path, dialect: "kubernetes" });
      config = mergeConfig(
        config,
        within(`unable to parse open API definition from '${path}'`, () => readCrdConfig(value)),
      );
    }
    return config;
  } catch (thrown) {
    throw prefixed(`loading CRDs [${crds.join(" ")}]`, thrown);
  }
}
