import { contentHash } from "../generate/content-hash.ts";
import type { Transform } from "./transform.ts";

/** Ends the names of those that want it in a hash of what they contain. */
export const hashTransform: Transform = (resources) => {
  for (const resource of resources.items) {
    if (!resource.needsHash || resource.node === undefined) continue;
    const hash = contentHash(resource.node);
    resource.storePreviousId();
    resource.setName(`${resource.name}-${hash}`);
  }
};
