import type { ArtifactCache } from "@plumb/archive";
import type { Artifacts } from "./kustomization/contracts.ts";

/**
 * Artifacts from the cache, fetched from where sources are served.
 *
 * @param sourceHost `host:port` in place of the one in an artifact's URL, for a controller outside of the cluster
 */
export function cachedArtifacts(cache: ArtifactCache, sourceHost: string | undefined): Artifacts {
  return {
    async open({ url, digest }, signal) {
      const lease = await cache.acquire({ url: sourceHost === undefined ? url : withHost(url, sourceHost), digest }, signal);
      return { path: lease.folder, release: () => lease.release() };
    },
  };
}

function withHost(url: string, host: string): string {
  const changed = new URL(url);
  changed.host = host;
  return changed.href;
}
