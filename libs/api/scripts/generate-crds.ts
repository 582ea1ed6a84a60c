import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { describedCrd } from "../src/described-crd.ts";
import { KINDS } from "../src/index.ts";

/** Where the generated files lie. */
export const CRDS_FOLDER: string = join(import.meta.dirname, "../../../charts/crds");

/** The text of every generated file by its name, `<plural>.<group>.yaml`. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(KINDS.map((kind) => [`${kind.plural}.${kind.group}.yaml`, text(describedCrd(kind))]));
}

function text(manifest: object): string {
  return `# Generated from libs/api by libs/api/scripts/generate-crds.ts; edit the kind there.\n${dump(manifest, { lineWidth: -1, noRefs: true })}`;
}

if (import.meta.main) {
  mkdirSync(CRDS_FOLDER, { recursive: true });
  for (const [name, content] of crdFiles()) writeFileSync(join(CRDS_FOLDER, name), content);
}
