import { parseOne } from "@plumb/yaml";
import type { BuildContext } from "../build-context.ts";
import { loadKustomization } from "../load/kustomization-file.ts";
import type { Kustomization } from "../load/kustomization.ts";
import { joinPath, type Loader } from "../load/loader.ts";
import { isRepositoryUrl } from "../load/repository-url.ts";
import type { BuildOrigin } from "./origins.ts";

/** One kustomization that is being built. */
export interface Target {
  readonly kustomization: Kustomization;
  readonly fileName: string;
  readonly loader: Loader;
  readonly context: BuildContext;
  /** Where it lies seen from the root of the build; undefined when nobody asked for origins. */
  readonly origin: BuildOrigin | undefined;
}

/** Reads the kustomization of a directory. */
export async function openTarget(loader: Loader, context: BuildContext): Promise<Target> {
  const { name, content } = await loadKustomization(loader, context);
  return { kustomization: content, fileName: name, loader, context, origin: content.buildMetadata.length > 0 ? {} : undefined };
}

/** Lets the schema of a kustomization count, if no other came before it. */
export async function setSchema({ kustomization, loader, context }: Target, isRoot: boolean): Promise<void> {
  const { openapi } = kustomization;
  const path = openapi.get("path");
  const document = path === undefined ? undefined : parseOne(await loader.load(path), { path, dialect: "kubernetes" });
  context.schema.set({ version: openapi.get("version"), document }, isRoot);
}

/** Where a file or directory lies seen from the root of the build. */
export function originBelow({ origin }: Target, path: string): BuildOrigin | undefined {
  if (origin === undefined) return undefined;
  if (isRepositoryUrl(path)) return { ...origin, repo: path, path: "" };
  return { ...origin, path: joinPath(origin.path === undefined || origin.path === "" ? "." : origin.path, path) };
}
