import type { ReadableFileSystem } from "@plumb/files";
import { ToolkitError, toToolkitError } from "@plumb/std";
import { accumulate } from "./accumulate/accumulate.ts";
import type { Accumulator } from "./accumulate/accumulator.ts";
import { fixNameReferences } from "./accumulate/name-references.ts";
import { removeAnnotation } from "./accumulate/origins.ts";
import { openTarget, setSchema } from "./accumulate/target.ts";
import { resolveVariables } from "./accumulate/variables.ts";
import { breathe, PlacesNeeded, type BuildContext } from "./build-context.ts";
import { invalid } from "./build-error.ts";
import { DEFAULT_BUILD_LIMITS, type BuildLimits } from "./build-limits.ts";
import { emit, type Build } from "./emit/emit.ts";
import { sortResources } from "./emit/sort-order.ts";
import { Growth } from "./growth.ts";
import { Loader, type RemoteLoader } from "./load/loader.ts";
import { LOCAL_CONFIG, ORIGIN, TRANSFORMATIONS } from "./resource/build-annotations.ts";
import type { BuildCache } from "./resource/build-cache.ts";
import { validateMetadata } from "./resource/read-resources.ts";
import type { ResourceList } from "./resource/resource-list.ts";
import type { Resource } from "./resource/resource.ts";
import { Schema } from "./schema/schema.ts";
import { hashTransform } from "./transform/hash.ts";
import { entriesTransform } from "./transform/labels-annotations.ts";

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
  /** How messages show a file, by its path below the root of the file system; as that path when left out. */
  readonly show?: (path: string) => string;
  /** Remembers files between builds. */
  readonly cache?: BuildCache;
  /** Is told what kustomize says on standard error about deprecated fields, also of a build that fails later. */
  readonly warn?: (message: string) => void;
}

/**
 * Builds the kustomization in `root`, as kustomize v5.8.1 does.
 *
 * @param root directory below the root of the file system; `.` is the root itself
 * @throws {ToolkitError} `invalid` for a tree that cannot be built, `cancelled`
 */
export async function build(root: string, options: BuildOptions): Promise<Build> {
  try {
    return emit(await buildOnceOrTwice(root, options), options.show ?? asItIs);
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

/** Builds with the places of nodes only where the first try shows that they are needed. What it warns of is told at the end, once. */
async function buildOnceOrTwice(root: string, options: BuildOptions): Promise<readonly Resource[]> {
  const { warn = ignore } = options;
  let warnings: string[] = [];
  const attempt = (places: boolean): Promise<readonly Resource[]> => {
    warnings = [];
    return buildResources(root, { ...options, warn: (message) => void warnings.push(message) }, places);
  };
  try {
    return await attempt(false).catch((thrown: unknown) => {
      if (thrown instanceof PlacesNeeded) return attempt(true);
      throw thrown;
    });
  } finally {
    for (const message of warnings) warn(message);
  }
}

async function buildResources(root: string, options: BuildOptions, places: boolean): Promise<readonly Resource[]> {
  const { fileSystem, order, signal, remote, restriction = "root-only", show = asItIs, warn = ignore } = options;
  const limits: BuildLimits = { ...DEFAULT_BUILD_LIMITS, ...options.limits };
  const context: BuildContext = { limits, growth: new Growth(limits), signal, schema: new Schema(), cache: options.cache, show, warn, places };
  signal.throwIfAborted();
  const loader = Loader.open(root, fileSystem, { limits, signal, remote, restriction, spent: { bytes: 0, kustomizations: 0 } });
  const target = await openTarget(loader, context);
  await setSchema(target, true);
  const gathered = await accumulate(target);
  await connect(gathered, context);
  const { resources } = gathered;
  keepForCluster(resources);
  const { sortOptions, buildMetadata } = target.kustomization;
  sortResources(resources, sortOptions, order === "legacy");
  if (options.managedByLabel === true || buildMetadata.includes("managedByLabel")) addManagedByLabel(resources);
  for (const resource of resources.items) cleanUp(resource, buildMetadata);
  return resources.items;
}

/** What needs everything to be there: names ended in hashes, references set right, variables filled in. */
async function connect({ resources, config, variables }: Accumulator, context: BuildContext): Promise<void> {
  await breathe(context);
  hashTransform(resources);
  fixNameReferences(resources.items, config.nameReference);
  await breathe(context);
  const unused = resolveVariables(resources.items, variables, config.varReference);
  if (unused.length > 0) context.warn(`well-defined vars that were never replaced: ${unused.join(",")}`);
}

function keepForCluster(resources: ResourceList): void {
  for (const { node } of resources.items) if (node !== undefined) validateMetadata(node);
  resources.keep(isForCluster);
}

/** False for an object that the annotation keeps out of the cluster. */
function isForCluster(resource: Resource): boolean {
  const text = resource.annotation(LOCAL_CONFIG);
  return text === undefined || text === "false";
}

const addManagedByLabel = entriesTransform({
  entries: new Map([["app.kubernetes.io/managed-by", "kustomize-v5.8.1"]]),
  fieldSpecs: [{ group: "", version: "", kind: "", path: "metadata/labels", create: true }],
});

function asItIs(path: string): string {
  return path;
}

function ignore(): void {}

function cleanUp(resource: Resource, buildMetadata: readonly string[]): void {
  resource.removeBuildAnnotations();
  if (!buildMetadata.includes("originAnnotations")) removeAnnotation(resource, ORIGIN);
  if (!buildMetadata.includes("transformerAnnotations")) removeAnnotation(resource, TRANSFORMATIONS);
}
