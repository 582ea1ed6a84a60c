import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Programs } from "@plumb/e2e/toolkit";

/** Flux's controllers, for a toolkit. @param folder as `findPeers` gives it */
export function fluxPrograms(folder: string): Programs {
  return {
    definitions: join(folder, "definitions"),
    saysWhereItListens: false,
    command: (controller) => [join(folder, controller)],
    args: (controller, data, { storage = "" }) => {
      if (controller !== "source-controller") return [];
      const path = join(data, "storage");
      mkdirSync(path, { recursive: true });
      return ["--storage-path", path, "--storage-adv-addr", storage];
    },
  };
}
