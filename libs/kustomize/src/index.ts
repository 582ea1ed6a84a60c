export { build, type BuildOptions } from "./build.ts";
export type { Build, BuiltObject } from "./emit/emit.ts";
export { DEFAULT_BUILD_LIMITS, type BuildLimits } from "./build-limits.ts";
export type { RemoteLoader } from "./load/loader.ts";
export { isRepositoryUrl } from "./load/repository-url.ts";
export { BuildCache } from "./resource/build-cache.ts";
