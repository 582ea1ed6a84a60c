import { ToolkitError } from "@plumb/std";
import { isHash } from "./object.ts";

/** `spec.ref` of a GitRepository; all empty means the branch `master`. */
export interface GitRef {
  readonly branch?: string;
  readonly tag?: string;
  readonly semver?: string;
  readonly name?: string;
  readonly commit?: string;
}

/** What is to be checked out, by the precedence of S-030: commit, name, tag, semver, branch. */
export type RefTarget =
  | { readonly kind: "commit"; readonly hash: string; readonly branch: string | undefined; readonly shown: string | undefined }
  | { readonly kind: "ref"; readonly name: string; readonly shown: string; readonly from: "branch" | "tag" | "name" }
  | { readonly kind: "semver"; readonly range: string };

const DEFAULT_BRANCH = "master";
/** What a ref name may not hold: git-check-ref-format. */
const FORBIDDEN = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|(^|\/)\.|[./]$|^\/|^-/;

/** @throws {ToolkitError} `invalid` for a name that no ref can have, naming it */
export function refTarget(ref: GitRef | undefined): RefTarget {
  const { branch = "", tag = "", semver = "", name = "", commit = "" } = ref ?? {};
  if (commit !== "") {
    if (!isHash(commit)) throw new ToolkitError("invalid", `unable to resolve commit object for '${commit}': object not found`);
    const head = branch === "" ? undefined : checked(branch);
    return { kind: "commit", hash: commit, branch: head, shown: name === "" ? head : name };
  }
  if (name !== "") {
    checked(name.replace(/\^\{\}$/, ""));
    return { kind: "ref", name, shown: name, from: "name" };
  }
  if (tag !== "") return { kind: "ref", name: `refs/tags/${checked(tag)}`, shown: tag, from: "tag" };
  if (semver !== "") return { kind: "semver", range: semver };
  const head = branch === "" ? DEFAULT_BRANCH : checked(branch);
  return { kind: "ref", name: `refs/heads/${head}`, shown: head, from: "branch" };
}

/** `main@sha1:` and 40 hex digits; without a name the digest alone (S-032). */
export function revisionOf(shown: string | undefined, hash: string): string {
  return shown === undefined ? `sha1:${hash}` : `${shown}@sha1:${hash}`;
}

/** True for a name that a ref may have; none of them leads out of the folder of refs. */
export function isRefName(name: string): boolean {
  return name !== "" && !FORBIDDEN.test(name);
}

function checked(name: string): string {
  if (!isRefName(name)) throw new ToolkitError("invalid", `invalid reference name ${JSON.stringify(name)}`);
  return name;
}
