/** `https://…`, `ssh://…`, `file://…`; anything else has no scheme. */
const SCHEME = /^(?:ssh|https?|file):\/\//i;
const USER = /^[a-zA-Z][a-zA-Z0-9-]*@/;
const GITHUB = /^github\.com[/:]/i;

/** True for what kustomize takes for a folder of a Git repository, even where a local folder has that name. */
export function isRepositoryUrl(text: string): boolean {
  if (text.startsWith("/")) return false;
  const url = (text.split("?")[0] ?? "").replace(/^git::/i, "");
  const scheme = SCHEME.exec(url)?.[0].toLowerCase() ?? "";
  let rest = url.slice(scheme.length);
  const user = USER.exec(rest)?.[0] ?? "";
  rest = rest.slice(user.length);
  const isGithub = GITHUB.test(rest);
  const canBeScp = scheme === "" && (user !== "" || isGithub);
  if (scheme === "" && !canBeScp) return false;
  if (scheme === "file://") return hasRepositoryPath(user + rest, true);
  const separator = separatorOf(rest, canBeScp);
  if (separator === -1 && rest === "") return false;
  return hasRepositoryPath(separator === -1 ? "" : rest.slice(separator + 1), false);
}

function separatorOf(text: string, canBeScp: boolean): number {
  const slash = text.indexOf("/");
  const colon = canBeScp ? text.indexOf(":") : -1;
  return slash === -1 || (colon > 0 && colon < slash) ? Math.max(colon, slash === -1 ? -1 : colon) : slash;
}

function hasRepositoryPath(path: string, isWhole: boolean): boolean {
  const marked = markedPath(path);
  if (marked !== undefined) return marked.repository !== "" && !climbsOut(marked.folder);
  if (isWhole) return path !== "";
  const parts = path.split("/");
  return parts.length >= 2 && parts.slice(0, 2).join("/") !== "" && !climbsOut(parts.slice(2).join("/"));
}

/** Where `_git/`, `//` or `.git` says where the repository ends. */
function markedPath(path: string): { readonly repository: string; readonly folder: string } | undefined {
  const marker = path.indexOf("_git/");
  if (marker !== -1) {
    const [name = "", ...folder] = path.slice(marker + 5).split("/");
    return { repository: path.slice(0, marker + 5) + name, folder: folder.join("/") };
  }
  const slashes = path.indexOf("//");
  if (slashes !== -1) return { repository: path.slice(0, slashes), folder: path.slice(slashes + 2) };
  const suffix = path.indexOf(".git");
  return suffix === -1 ? undefined : { repository: path.slice(0, suffix + 4), folder: path.slice(suffix + 4) };
}

function climbsOut(folder: string): boolean {
  let depth = 0;
  for (const part of folder.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}
