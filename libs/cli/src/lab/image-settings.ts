/** How the images of the controllers start Node, so that what is tried in a lab is what runs in a cluster; their Dockerfiles have the same. */
export const IMAGE_NODE_FLAGS: readonly string[] = ["--disable-proto=delete", "--max-semi-space-size=4", "--optimize-for-size"];

/** Of their environment what decides over speed and size. */
export const IMAGE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };
