export { build, type Build, type BuildOptions, type BuiltObject } from "./build.ts";
export { DEFAULT_BUILD_LIMITS, type BuildLimits } from "./build-limits.ts";
export type { RemoteLoader } from "./load/loader.ts";
export { isRepositoryUrl } from "./load/repository-url.ts";
export { BuildCache } from "./resource/build-cache.ts";
