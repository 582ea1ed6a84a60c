import { describe, expect, it } from "vitest";
import { compileCacheFolder } from "./compile-cache-folder.ts";

describe("what Node has compiled", () => {
  it.each([
    [{ HOME: "/home/ann" }, "/home/ann/.cache/plumb/compiled"],
    [{ HOME: "/home/ann", XDG_CACHE_HOME: "/caches" }, "/caches/plumb/compiled"],
    [{ HOME: "/home/ann", XDG_CACHE_HOME: "relative" }, "/home/ann/.cache/plumb/compiled"],
    [{ HOME: "" }, undefined],
    [{}, undefined],
  ])("of somebody with %j is kept in %s", (env, folder) => {
    expect(compileCacheFolder(env)).toBe(folder);
  });
});
