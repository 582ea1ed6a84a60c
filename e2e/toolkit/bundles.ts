import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type ControllerName = "source-controller" | "kustomize-controller" | "notification-controller";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONTROLLERS: readonly ControllerName[] = ["source-controller", "kustomize-controller", "notification-controller"];

/** The file that ships. */
export function bundleOf(controller: ControllerName): string {
  return `${ROOT}controllers/${controller}/dist/main.mjs`;
}

/** Writes the files that ship, from the sources as they are. @throws {Error} with the bundler's words */
export async function writeBundles(): Promise<void> {
  await Promise.all(CONTROLLERS.map((name) => promisify(execFile)(process.execPath, [`${ROOT}scripts/bundle.ts`, `controllers/${name}`], { cwd: ROOT })));
}
