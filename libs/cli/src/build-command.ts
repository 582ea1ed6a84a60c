import { lstatSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { RootedFileSystem } from "@plumb/files";
import { build } from "@plumb/kustomize";
import { ToolkitError, toToolkitError } from "@plumb/std";

const RESTRICTIONS = { LoadRestrictionsRootOnly: "root-only", LoadRestrictionsNone: "none" } as const;
const ORDERS = { legacy: "legacy", none: "fifo" } as const;

export interface BuildCommandOptions {
  /** Folder with the kustomization, relative to `cwd` or absolute. */
  readonly folder: string;
  /** File to write to; standard output unless set. */
  readonly outputFile: string | undefined;
  /** `LoadRestrictionsRootOnly` or `LoadRestrictionsNone`. */
  readonly loadRestrictor: string;
  /** `legacy`, which is meant unless set, or `none`. */
  readonly reorder: string | undefined;
  readonly cwd: string;
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Prints what `kustomize build` prints. Resolves to the exit code: 0, or 1 after an error that was told as kustomize tells it. */
export async function runBuild({ folder, outputFile, loadRestrictor, reorder, cwd, writeOut, writeErr, signal }: BuildCommandOptions): Promise<number> {
  try {
    const restriction = chosen(RESTRICTIONS, "--load-restrictor", loadRestrictor);
    if (reorder !== undefined) writeErr("Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.\n");
    const order = chosen(ORDERS, "--reorder", reorder ?? "legacy");
    const root = resolve(cwd, folder);
    const built = await build(root.slice(1) || ".", { fileSystem: new RootedFileSystem("/"), order, restriction, signal });
    for (const warning of built.warnings) writeErr(`${warning}\n`);
    if (outputFile === undefined) writeOut(built.text());
    else write(resolve(cwd, outputFile), built.text());
    return 0;
  } catch (thrown) {
    writeErr(`Error: ${toToolkitError(thrown).message}\n`);
    return 1;
  }
}

function chosen<const Value extends string>(values: Readonly<Record<string, Value>>, flag: string, text: string): Value {
  const found = Object.hasOwn(values, text) ? values[text] : undefined;
  if (found !== undefined) return found;
  throw new ToolkitError("invalid", `illegal flag value ${flag} ${text}; legal values: [${Object.keys(values).join(" ")}]`);
}

function write(file: string, text: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new ToolkitError("invalid", `${file} is a folder; -o takes a file`);
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new ToolkitError("denied", `open ${file}: ${reasonOf(cause)}`, { cause });
  }
}

/** The system's own words, such as `no such file or directory`. */
function reasonOf(thrown: unknown): string {
  const errno = thrown instanceof Error && "errno" in thrown ? Number(thrown.errno) : 0;
  return getSystemErrorMap().get(errno)?.[1] ?? String(thrown);
}
