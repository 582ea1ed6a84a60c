import { compareText } from "@plumb/std";
import { parsePattern, verdictOf, type IgnorePattern } from "./pattern.ts";

/** Whether a path is left out. @param path relative to the root, with `/` between its parts */
export type IsIgnored = (path: string, isDirectory: boolean) => boolean;

/** The text of one `.sourceignore`. */
export interface IgnoreFile {
  /** The folder it lies in, relative to the root; empty for the root. */
  readonly folder: string;
  readonly text: string;
}

/** Always left out, by the list before S-079. */
const VERSION_CONTROL = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/** Left out where nobody says anything (S-079). */
const DEFAULTS = [
  "*.jpg",
  "*.jpeg",
  "*.gif",
  "*.png",
  "*.wmv",
  "*.flv",
  "*.tar.gz",
  "*.zip",
  ".github/",
  ".circleci/",
  ".travis.yml",
  ".gitlab-ci.yml",
  "appveyor.yml",
  ".drone.yml",
  "cloudbuild.yaml",
  "codeship-services.yml",
  "codeship-steps.yml",
  "**/.goreleaser.yml",
  "**/.sops.yaml",
  "**/.flux.yaml",
];

/** The patterns of an ignore file: a line that begins with `#` is a comment, one of white space nothing (S-080). */
export function readPatterns(text: string, folder = ""): readonly IgnorePattern[] {
  const domain = folder === "" || folder === "." ? [] : folder.split("/");
  return text
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => !line.startsWith("#") && line.trim() !== "")
    .map((line) => parsePattern(line, domain));
}

/** Of several patterns, the last that says something decides. */
export function createMatcher(patterns: readonly IgnorePattern[]): IsIgnored {
  return (path, isDirectory) => {
    const names = path.split("/");
    for (let index = patterns.length - 1; index >= 0; index--) {
      const pattern = patterns[index];
      const verdict = pattern === undefined ? undefined : verdictOf(pattern, names, isDirectory);
      if (verdict !== undefined) return verdict === "ignored";
    }
    return false;
  };
}

/**
 * The rules of a source (S-079 to S-081): version control, then either every `.sourceignore` from the root down and `ignore`
 * of the spec, or, where those hold no pattern, the defaults.
 *
 * @param files in any order; one below a `.git` does not count
 * @param ignore `spec.ignore`
 */
export function sourceIgnore(files: readonly IgnoreFile[], ignore?: string): IsIgnored {
  const own = files
    .map(({ folder, text }) => ({ names: folder === "" || folder === "." ? [] : folder.split("/"), text }))
    .filter(({ names }) => !names.includes(".git"))
    .sort((a, b) => compareNames(a.names, b.names))
    .flatMap(({ names, text }) => readPatterns(text, names.join("/")));
  const all = [...own, ...readPatterns(ignore ?? "")];
  const always = VERSION_CONTROL.map((line) => parsePattern(line, []));
  return createMatcher([...always, ...(all.length === 0 ? DEFAULTS.map((line) => parsePattern(line, [])) : all)]);
}

/** A folder before what is below it, siblings by name. */
function compareNames(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareText(a[index] ?? "", b[index] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
