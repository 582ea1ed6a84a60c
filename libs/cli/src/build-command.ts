import { statSync, writeFileSync, type Stats } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { RootedFileSystem } from "@plumb/files";
import { build, isRepositoryUrl, type Build } from "@plumb/kustomize";
import { ToolkitError, toToolkitError } from "@plumb/std";
import { parseBuildFlags } from "./build-flags.ts";
import { systemReason } from "./system-reason.ts";

const RESTRICTIONS = { LoadRestrictionsRootOnly: "root-only", LoadRestrictionsNone: "none" } as const;
const ORDERS = { legacy: "legacy", none: "fifo" } as const;
const HELP = `Print what kustomize build (v5.8.1) prints of a folder, with no other program.

Usage:
  plumb build [DIR] [flags]

DIR holds a kustomization.yaml; without it, it is the folder that the command is called in. Nothing remote is fetched.

Flags:
  -o, --output PATH            write to this file instead of standard output; into a folder, a file for each object
      --load-restrictor NAME   LoadRestrictionsRootOnly (the default), or LoadRestrictionsNone to read files outside DIR
      --reorder ORDER          legacy (the default) sorts by kind where the kustomization has no sortOptions, none does not
      --enable-managedby-label label every object with app.kubernetes.io/managed-by
  -h, --help                   this text

Flags of kustomize build for plug-ins and charts are taken and change nothing: what would need them is refused by name.
`;

export interface BuildCommandOptions {
  /** Absolute; what relative paths start from. */
  readonly cwd: string;
  /** @throws what the system threw when the text cannot be written */
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Does what `kustomize build` does with `args`. Resolves to the exit code: 0, or 1 after an error that was told as kustomize tells it. */
export async function runBuild(args: readonly string[], { cwd, writeOut, writeErr, signal }: BuildCommandOptions): Promise<number> {
  try {
    const { rest, texts, switches } = parseBuildFlags(args);
    for (const notice of deprecations(texts, switches)) writeErr(`Flag ${notice}\n`);
    if (switches.help === true) return writeAll(HELP, writeOut);
    const [folder = ".", ...others] = rest;
    if (others.length > 0) throw new ToolkitError("invalid", "specify one path to kustomization.yaml");
    const restriction = chosen(RESTRICTIONS, "--load-restrictor", texts["load-restrictor"] || "LoadRestrictionsRootOnly");
    const order = chosen(ORDERS, "--reorder", texts.reorder ?? "legacy");
    const built = await build(rootOf(folder, cwd), {
      fileSystem: new RootedFileSystem("/", { isUnchanging: true }),
      order,
      restriction,
      show: (path) => relative(cwd, `/${path}`),
      managedByLabel: switches["enable-managedby-label"] === true,
      signal,
      warn: (message) => writeErr(`${message}\n`),
    });
    if (texts.output === undefined || texts.output === "") return writeAll(built.text(), writeOut);
    writeFiles(built, texts.output, cwd);
    return 0;
  } catch (thrown) {
    writeErr(`Error: ${toToolkitError(thrown).message}\n`);
    return 1;
  }
}

function deprecations({ reorder }: { readonly reorder?: string }, switches: { readonly "enable-managedby-label"?: boolean }): readonly string[] {
  return [
    ...(reorder === undefined ? [] : ["--reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead."]),
    ...(switches["enable-managedby-label"] === undefined
      ? []
      : [
          "--enable-managedby-label has been deprecated, The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.",
        ]),
  ];
}

function chosen<const Value extends string>(values: Readonly<Record<string, Value>>, flag: string, text: string): Value {
  const found = Object.hasOwn(values, text) ? values[text] : undefined;
  if (found !== undefined) return found;
  throw new ToolkitError("invalid", `illegal flag value ${flag} ${text}; legal values: [${Object.keys(values).join(" ")}]`);
}

/** The folder below `/`. @throws {ToolkitError} `missing` or `invalid` for what is no folder, shown as it was given */
function rootOf(folder: string, cwd: string): string {
  if (folder === "") throw new ToolkitError("invalid", "must build at directory: directory path cannot be empty");
  const path = resolve(cwd, folder);
  const stats = statOf(path);
  if (stats === undefined && isRepositoryUrl(folder))
    throw new ToolkitError("invalid", `remote directory '${folder}' is not loaded: remote resources are not allowed in this build`);
  if (stats === undefined)
    throw new ToolkitError("missing", `must build at directory: not a valid directory: evalsymlink failure on '${folder}' : ${whyMissing(path)}`);
  if (!stats.isDirectory()) throw new ToolkitError("invalid", `must build at directory: '${folder}': file is not directory`);
  return path.slice("/".length) || ".";
}

function whyMissing(path: string): string {
  const parent = statOf(dirname(path));
  if (parent === undefined) return whyMissing(dirname(path));
  return parent.isDirectory() ? `lstat ${path}: no such file or directory` : "not a directory";
}

/** undefined for what is not there. */
function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Writes all objects to one file, or into a folder each to one of its own. */
function writeFiles(built: Build, output: string, cwd: string): void {
  // A slash at the end, which names a folder, stays: a file must not be written in place of one that is not there.
  const path = `${resolve(cwd, output)}${output.endsWith("/") ? "/" : ""}`;
  const files = statOf(path)?.isDirectory() === true ? built.files() : undefined;
  if (files === undefined) return write(path, output, built.text());
  for (const [name, text] of files) {
    if (name.includes("/")) throw new ToolkitError("invalid", `open ${output}/${name}: the name of an object must not lead elsewhere`);
    write(join(path, name), join(output, name), text);
  }
}

function write(path: string, shown: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new ToolkitError("denied", `open ${shown}: ${systemReason(cause)}`, { cause });
  }
}

/** What a shell shows of a program that ended because nobody read on: 128 and the number of SIGPIPE. */
const BROKEN_PIPE = 141;

function writeAll(text: string, writeOut: (text: string) => void): number {
  try {
    writeOut(text);
    return 0;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EPIPE") return BROKEN_PIPE;
    throw new ToolkitError("denied", `write /dev/stdout: ${systemReason(cause)}`, { cause });
  }
}
