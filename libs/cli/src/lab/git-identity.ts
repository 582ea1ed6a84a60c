import { readFileSync } from "node:fs";
import { join } from "node:path";

/** True where Git knows who commits on this machine: by its variables, or by a configuration that is not one repository's. */
export function hasGitIdentity(env: Readonly<Record<string, string | undefined>>, systemConfig = "/etc/gitconfig"): boolean {
  const { HOME = "/", XDG_CONFIG_HOME = join(HOME, ".config"), GIT_AUTHOR_EMAIL, EMAIL, GIT_CONFIG_GLOBAL } = env;
  if (GIT_AUTHOR_EMAIL || EMAIL) return true;
  const own = GIT_CONFIG_GLOBAL === undefined ? [join(HOME, ".gitconfig"), join(XDG_CONFIG_HOME, "git", "config")] : [GIT_CONFIG_GLOBAL];
  return [systemConfig, ...own].some((file) => /^\s*email\s*=\s*\S/im.test(textOf(file)));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
