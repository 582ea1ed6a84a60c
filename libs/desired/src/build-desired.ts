import type { DesiredObject } from "@plumb/api";
import { createHash } from "node:crypto";
import { RootedFileSystem, type ReadableFileSystem } from "@plumb/files";
import { build, type Build, type BuildCache, type BuildLimits } from "@plumb/kustomize";
import { stringifyJson, ToolkitError } from "@plumb/std";
import { stringify } from "@plumb/yaml";
import { unsupportedBuildField, type BuildSpec } from "./build-spec.ts";
import { checkDecodable } from "./check-decodable.ts";
import { findFolder } from "./find-folder.ts";
import { generateKustomization, type GeneratedKustomization } from "./generate.ts";
import { OverlayFileSystem } from "./overlay-file-system.ts";
import { readObjects } from "./read-objects.ts";

export interface DesiredOptions {
  /** The artifact; nothing outside of it is read, nothing in it is written. */
  readonly fileSystem: ReadableFileSystem;
  readonly signal: AbortSignal;
  readonly limits?: Partial<BuildLimits>;
  /** Remembers files between builds. */
  readonly cache?: BuildCache;
}

/** What an artifact and a spec come to. */
export interface Desired {
  /** `sha256:` and hex, over the manifests as YAML, before common metadata. */
  readonly digest: string;
  /** In the order of the build. */
  readonly objects: readonly DesiredObject[];
}

/**
 * Builds the manifests of a Kustomization from its artifact (K-022 to K-028, K-038). Depends on nothing but the files and the
 * spec, so that a controller and a user's machine come to the same.
 *
 * @throws {ToolkitError} `missing` where `spec.path` leads to no folder, and for no other reason; `invalid` for what cannot be
 *   built or is not supported; `cancelled`
 */
export async function buildDesired(spec: BuildSpec, options: DesiredOptions): Promise<Desired> {
  const { fileSystem } = options;
  const unsupported = unsupportedBuildField(spec);
  if (unsupported !== undefined) throw new ToolkitError("invalid", `${unsupported} is not supported by this version`);
  const folder = findFolder(spec.path, fileSystem);
  const generated = neverMissing(() => generateKustomization(folder, spec, fileSystem));
  const overlay = new OverlayFileSystem(fileSystem, folder, generated.name, Buffer.from(stringify(generated.content)));
  const built = await buildTree(folder, generated, { ...options, fileSystem: overlay });
  return {
    digest: `sha256:${createHash("sha256").update(built.text()).digest("hex")}`,
    objects: readObjects(built.objects, spec.commonMetadata),
  };
}

async function buildTree(folder: string, { scanned }: GeneratedKustomization, options: DesiredOptions): Promise<Build> {
  try {
    return await build(folder, { ...options, order: "fifo", restriction: "none" });
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError) || thrown.kind === "cancelled" || thrown.kind === "internal") throw thrown;
    if (scanned !== undefined) checkDecodable(folder, scanned, options.fileSystem);
    throw new ToolkitError("invalid", `kustomize build failed: ${thrown.message}`, { cause: thrown });
  }
}

/** A file that is gone while it is read is no missing path. */
function neverMissing<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof ToolkitError && thrown.kind === "missing") throw new ToolkitError("invalid", thrown.message, { cause: thrown });
    throw thrown;
  }
}

/** `Desired` in a form that a thread can hand over. */
export interface DesiredText {
  readonly digest: string;
  /** The objects with their origins as JSON; integers beyond a double's reach are exact. */
  readonly objects: string;
}

/** As `buildDesired`, for a worker thread: from the absolute path of an unpacked artifact to text. */
export async function buildDesiredText(spec: BuildSpec, artifactFolder: string, options: Omit<DesiredOptions, "fileSystem">): Promise<DesiredText> {
  const { digest, objects } = await buildDesired(spec, { ...options, fileSystem: new RootedFileSystem(artifactFolder, { isUnchanging: true }) });
  return { digest, objects: stringifyJson(objects) };
}
