import { compileGlob, matchesGlob, type Glob } from "./glob.ts";

/** One line of an ignore file. */
export interface IgnorePattern {
  /** The folder that the line counts below; empty for the root. */
  readonly domain: readonly string[];
  /** Written with `!`: what matches is taken back in. */
  readonly isInclusion: boolean;
  /** Written with `/` at its end: only folders match, and what is below them. */
  readonly isDirectoryOnly: boolean;
  /** The parts between `/`; a single one matches a name at any depth. */
  readonly parts: readonly PatternPart[];
}

type PatternPart =
  | { readonly kind: "empty" }
  | { readonly kind: "anywhere" }
  /** `**` beside other text, which go-git never matches. */
  | { readonly kind: "impossible" }
  | { readonly kind: "glob"; readonly glob: Glob };

/** Reads one line as go-git's gitignore does; it has no notion of comments or blank lines. */
export function parsePattern(line: string, domain: readonly string[]): IgnorePattern {
  const isInclusion = line.startsWith("!");
  const text = trimmed(isInclusion ? line.slice(1) : line);
  const isDirectoryOnly = text.endsWith("/");
  const parts = (isDirectoryOnly ? text.slice(0, -1) : text).split("/");
  return { domain, isInclusion, isDirectoryOnly, parts: parts.map((part) => partOf(part, parts.length > 1)) };
}

/** What the pattern says of a path: that it is out, that it is in, or nothing. @param path the names from the root down */
export function verdictOf(pattern: IgnorePattern, path: readonly string[], isDirectory: boolean): "ignored" | "included" | undefined {
  const { domain, isInclusion, parts } = pattern;
  if (path.length <= domain.length || domain.some((name, index) => name !== path[index])) return undefined;
  const below = path.slice(domain.length);
  const isMatch = parts.length === 1 ? matchesAnyName(pattern, below, isDirectory) : matchesFromTop(pattern, below, isDirectory);
  if (!isMatch) return undefined;
  return isInclusion ? "included" : "ignored";
}

/** Spaces at the end do not count, unless the last of them is escaped. */
function trimmed(text: string): string {
  return text.endsWith("\\ ") ? text : text.replace(/ +$/, "");
}

function partOf(text: string, isOneOfMany: boolean): PatternPart {
  if (isOneOfMany && text === "") return { kind: "empty" };
  if (isOneOfMany && text === "**") return { kind: "anywhere" };
  if (isOneOfMany && text.includes("**")) return { kind: "impossible" };
  return { kind: "glob", glob: compileGlob(text) };
}

/** The first name that matches decides: if that is the last one, and only folders are meant, it must be one. */
function matchesAnyName({ parts, isDirectoryOnly }: IgnorePattern, names: readonly string[], isDirectory: boolean): boolean {
  const [part] = parts;
  if (part?.kind !== "glob") return false;
  const index = names.findIndex((name) => matchesGlob(part.glob, name));
  return index !== -1 && !(isDirectoryOnly && !isDirectory && index === names.length - 1);
}

/**
 * Matches part by part from the domain's folder down; names that are left over lie below what matched. After `**` the first
 * name that matches is taken, and no later one tried; a `**` at the end adds nothing.
 */
function matchesFromTop({ parts, isDirectoryOnly }: IgnorePattern, names: readonly string[], isDirectory: boolean): boolean {
  let at = 0;
  let isAnywhere = false;
  let isMatch = false;
  for (const [index, part] of parts.entries()) {
    if (part.kind === "empty") isAnywhere = false;
    else if (part.kind === "anywhere") {
      if (index === parts.length - 1) break;
      isAnywhere = true;
    } else {
      if (part.kind === "impossible" || at >= names.length) return false;
      const found = isAnywhere ? names.findIndex((name, place) => place >= at && matchesGlob(part.glob, name)) : at;
      isMatch = found !== -1 && matchesGlob(part.glob, names[found] ?? "");
      if (!isMatch && !isAnywhere) return false;
      at = found === -1 ? names.length : found + 1;
      isAnywhere = false;
    }
  }
  return isMatch && !(isDirectoryOnly && !isDirectory && at === names.length);
}
