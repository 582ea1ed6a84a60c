import type { Manifest } from "./manifest.ts";
import type { Origin } from "./origin.ts";

/** An object as Git has it, and where it is written there. */
export interface DesiredObject {
  readonly object: Manifest;
  readonly origin?: Origin | undefined;
  /** Labels of common metadata that name an owner: they win over the labels of the real one (K-039). */
  readonly ownerLabels?: Readonly<Record<string, string>> | undefined;
}
