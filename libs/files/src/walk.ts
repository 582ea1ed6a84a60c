import { ToolkitError } from "@plumb/std";
import { outsideRoot } from "./file-error.ts";

/** What one name in a directory is, no link followed. */
export type Entry = { readonly kind: "file" | "directory" | "other" } | { readonly kind: "link"; readonly target: string };

export type Walked = { readonly kind: "found"; readonly path: string; readonly entry: Entry["kind"] } | { readonly kind: "missing" | "loop" };

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

interface WalkOptions {
  /** With false, a link in the last place is itself the answer. */
  readonly followsLast?: boolean;
}

/**
 * Resolves `path` below the root one name at a time, as a kernel does, so that neither `..` nor a link leads out. Yields the
 * resolved path of each name and is sent what is there; so one rule serves disk, memory, synchronous and asynchronous.
 *
 * @throws {ToolkitError} `invalid` for a path that is absolute, holds NUL or leads outside
 */
export function* walk(path: string, { followsLast = true }: WalkOptions = {}): Generator<string, Walked, Entry | undefined> {
  const todo = namesOf(path, path).toReversed();
  const done: string[] = [];
  let kind: Entry["kind"] = "directory";
  for (let links = 0, name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (kind !== "directory") return { kind: "missing" };
    if (name === "..") {
      if (done.pop() === undefined) throw outsideRoot(path);
      continue;
    }
    const entry = yield [...done, name].join("/");
    if (entry === undefined) return { kind: "missing" };
    if (entry.kind === "link" && (followsLast || todo.length > 0)) {
      links += 1;
      if (links > MAX_LINKS) return { kind: "loop" };
      todo.push(...namesOf(entry.target, path).toReversed());
      continue;
    }
    done.push(name);
    kind = entry.kind;
  }
  return { kind: "found", path: done.join("/") || ".", entry: kind };
}

/** The names in a path that is about to be written, links not yet followed; the last is the file itself. */
export function namesToWrite(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of namesOf(path, path)) {
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) throw outsideRoot(path);
  }
  if (names.length === 0) throw new ToolkitError("invalid", `path "${path}" names no file`);
  return names;
}

function namesOf(text: string, path: string): readonly string[] {
  if (text.startsWith("/")) throw outsideRoot(path);
  if (text.includes("\0")) throw new ToolkitError("invalid", `path ${JSON.stringify(path)} holds a NUL`);
  return text.split("/").filter((name) => name !== "" && name !== ".");
}

/** Runs a walk with what `lookUp` finds. */
export function runWalk(steps: Generator<string, Walked, Entry | undefined>, lookUp: (path: string) => Entry | undefined): Walked {
  let step = steps.next();
  while (step.done !== true) step = steps.next(lookUp(step.value));
  return step.value;
}

/** As `runWalk`, waiting for each answer. */
export async function runWalkAsync(steps: Generator<string, Walked, Entry | undefined>, lookUp: (path: string) => Promise<Entry | undefined>): Promise<Walked> {
  let step = steps.next();
  while (step.done !== true) step = steps.next(await lookUp(step.value));
  return step.value;
}

/** The path of a walk that must arrive. @throws {ToolkitError} `missing`, `invalid` */
export function arrived(operation: string, path: string, walked: Walked): { readonly path: string; readonly entry: Entry["kind"] } {
  if (walked.kind === "found") return walked;
  if (walked.kind === "loop") throw new ToolkitError("invalid", `${operation} ${path}: too many levels of symbolic links`);
  throw new ToolkitError("missing", `${operation} ${path}: no such file or directory`);
}
