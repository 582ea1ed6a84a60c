import type { Origin } from "@plumb/api";
import type { ReadableFileSystem } from "@plumb/files";
import { ToolkitError, isObject, toToolkitError, type JsonObject } from "@plumb/std";
import { decodeNode, stringify } from "@plumb/yaml";
import { buildTarget, managedByTransform, openTarget, setSchema } from "./accumulate/target.ts";
import { removeAnnotation } from "./accumulate/origins.ts";
import { invalid, within } from "./build-error.ts";
import { DEFAULT_BUILD_LIMITS, type BuildLimits } from "./build-limits.ts";
import { fileNames } from "./emit/file-names.ts";
import { sortResources } from "./emit/sort-order.ts";
import { Loader, type RemoteLoader } from "./load/loader.ts";
import { ORIGIN, TRANSFORMATIONS } from "./resource/build-annotations.ts";
import type { BuildCache } from "./resource/build-cache.ts";
import type { Resource } from "./resource/resource.ts";
import { Schema } from "./schema/schema.ts";

export interface BuildOptions {
  /** Holds everything that the build may read. */
  readonly fileSystem: ReadableFileSystem;
  /** `fifo` as the objects come, which is what a controller applies; `legacy` by kind, what `kustomize build` prints. */
  readonly order: "fifo" | "legacy";
  readonly signal: AbortSignal;
  readonly limits?: Partial<BuildLimits>;
  /** `root-only`, the default, refuses files outside the directory of the kustomization that names them. */
  readonly restriction?: "root-only" | "none";
  /** Adds the label `app.kubernetes.io/managed-by` to every object. */
  readonly managedByLabel?: boolean;
  /** Fetches what lies outside; without it remote resources are refused. */
  readonly remote?: RemoteLoader;
  /** Remembers files between builds. */
  readonly cache?: BuildCache;
  /** Is told what kustomize says on standard error about deprecated fields, also of a build that fails later. */
  readonly warn?: (message: string) => void;
}

export interface BuiltObject {
  readonly object: JsonObject;
  /** Where the object was written, or the kustomization whose generator made it. */
  readonly origin?: Origin;
}

export interface Build {
  readonly objects: readonly BuiltObject[];
  /** All objects as `kustomize build` prints them. */
  text(): string;
  /** Each object as `kustomize build -o DIR` writes it, by the name of its file. */
  files(): ReadonlyMap<string, string>;
}

/**
 * Builds the kustomization in `root`, as kustomize v5.8.1 does.
 *
 * @param root directory below the root of the file system; `.` is the root itself
 * @throws {ToolkitError} `invalid` for a tree that cannot be built, `cancelled`
 */
export async function build(root: string, options: BuildOptions): Promise<Build> {
  try {
    return emit(await buildResources(root, options));
  } catch (thrown) {
    if (options.signal.aborted) throw new ToolkitError("cancelled", "the build was stopped", { cause: thrown });
    throw deliberate(thrown);
  }
}

/** A stack that overflowed is a tree too deep; anything else unexpected stays a bug. */
function deliberate(thrown: unknown): ToolkitError {
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) return invalid("the tree is nested too deeply to be built", thrown);
  return toToolkitError(thrown);
}

async function buildResources(root: string, options: BuildOptions): Promise<readonly Resource[]> {
  const { fileSystem, order, signal, remote, restriction = "root-only", warn = ignore } = options;
  const limits: BuildLimits = { ...DEFAULT_BUILD_LIMITS, ...options.limits };
  const context = { limits, signal, schema: new Schema(), cache: options.cache, warn };
  signal.throwIfAborted();
  const loader = Loader.open(root, fileSystem, { limits, signal, remote, restriction, spent: { bytes: 0 } });
  const target = await openTarget(loader, context);
  await setSchema(target, true);
  const { kustomization } = target;
  const { resources } = await buildTarget(target);
  sortResources(resources, kustomization.sortOptions, order === "legacy");
  if (options.managedByLabel === true || kustomization.buildMetadata.includes("managedByLabel")) managedByTransform(resources);
  for (const resource of resources.items) cleanUp(resource, kustomization.buildMetadata);
  return resources.items;
}

function ignore(): void {}

function cleanUp(resource: Resource, buildMetadata: readonly string[]): void {
  resource.removeBuildAnnotations();
  if (!buildMetadata.includes("originAnnotations")) removeAnnotation(resource, ORIGIN);
  if (!buildMetadata.includes("transformerAnnotations")) removeAnnotation(resource, TRANSFORMATIONS);
}

function emit(resources: readonly Resource[]): Build {
  const objects = resources.map(builtObject);
  const names = fileNames(resources.map(({ id }) => id));
  return {
    objects,
    text: () => objects.map(({ object }) => stringify(object)).join("---\n"),
    files: () => new Map(objects.map(({ object }, i) => [names[i] ?? "", stringify(object)])),
  };
}

function builtObject({ node, origin, kind, name }: Resource): BuiltObject {
  const shown = origin === undefined ? `${kind} ${name}` : `${kind} ${name} (from ${origin.path}:${origin.line})`;
  const object = within(shown, () => (node === undefined ? null : decodeNode(node, { path: origin?.path })));
  if (!isObject(object)) throw invalid(`${shown} is no object`);
  return origin === undefined ? { object } : { object, origin };
}
