import { isAbsolute, join } from "node:path";

/**
 * Where Node may keep what it has compiled of this program, so that the next start need not: the user's own cache, for who can
 * write there can run anything as the user. Undefined where the user has none.
 */
export function compileCacheFolder({ XDG_CACHE_HOME, HOME }: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = [XDG_CACHE_HOME, HOME === undefined ? undefined : join(HOME, ".cache")].find((folder) => folder !== undefined && isAbsolute(folder));
  return home === undefined ? undefined : join(home, "plumb", "compiled");
}
