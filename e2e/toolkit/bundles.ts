import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type ControllerName = "source-controller" | "kustomize-controller" | "notification-controller";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONTROLLERS: readonly ControllerName[] = ["source-controller", "kustomize-controller", "notification-controller"];

/** The file that ships. */
export function bundleOf(controller: ControllerName): string {
  return `${ROOT}controllers/${controller}/dist/main.mjs`;
}

/** How the image starts that file: its environment and Node's flags are read from the Dockerfile, so that what is tried is what ships. */
export function commandOf(controller: ControllerName): readonly string[] {
  const image = readFileSync(`${ROOT}controllers/${controller}/Dockerfile`, "utf8");
  const [, environment, entrypoint] = /^ENV (.+)$[^]*^ENTRYPOINT (\[.+\])$/m.exec(image) ?? [];
  if (environment === undefined || entrypoint === undefined) throw new Error(`the Dockerfile of ${controller} has another form`);
  // Its cache of compiled code lies where a container is alone, and a machine is not.
  const variables = environment.split(" ").filter((variable) => !variable.startsWith("NODE_COMPILE_CACHE="));
  const flags: readonly string[] = JSON.parse(entrypoint).slice(1, -1);
  return ["env", ...variables, process.execPath, ...flags, bundleOf(controller)];
}

/** Writes the files that ship, from the sources as they are. @throws {Error} with the bundler's words */
export async function writeBundles(): Promise<void> {
  await Promise.all(CONTROLLERS.map((name) => promisify(execFile)(process.execPath, [`${ROOT}scripts/bundle.ts`, `controllers/${name}`], { cwd: ROOT })));
}
