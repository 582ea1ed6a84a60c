export { ArtifactCache, type ArtifactCacheOptions, type ArtifactLease } from "./artifact-cache.ts";
export type { ArtifactRef } from "./download.ts";
export { ArtifactStore, type ArtifactOwner, type ArtifactStoreOptions, type NewArtifact } from "./artifact-store.ts";
export { DIGEST_ALGORITHMS, type DigestAlgorithm } from "./digest.ts";
export { comparePaths } from "./entry-path.ts";
export { packFiles, type PackedArtifact, type PackOptions, type SourceEntry, type SourceFile, type SourceFolder } from "./pack.ts";
export { DEFAULT_UNPACK_LIMITS, readArchive, unpackToMemory, type ArchiveEntry, type UnpackLimits } from "./unpack.ts";
