import type { LiveObject } from "@plumb/api";
import { describe, expect, it } from "vitest";
import { OwnWrites } from "./own-writes.ts";

function object(resourceVersion: string, uid = "u1"): LiveObject {
  return { apiVersion: "v1", kind: "Thing", metadata: { namespace: "a", name: "b", uid, resourceVersion } };
}

describe("OwnWrites", () => {
  it.each([
    ["what was written while the cache is behind it", "9", object("10")],
    ["what the cache has once it is as new", "10", undefined],
    ["what the cache has once it is newer", "11", undefined],
  ])("answers with %s", (_, cachedVersion, expected) => {
    const writes = new OwnWrites();
    writes.keep(object("10"));
    const cached = object(cachedVersion);
    expect(writes.freshest(cached)).toEqual(expected ?? cached);
  });

  it("takes an object of the same name that was made anew as it is", () => {
    const writes = new OwnWrites();
    writes.keep(object("10"));
    expect(writes.freshest(object("9", "u2"))?.metadata.uid).toBe("u2");
  });

  it("says that an object is gone that the cache does not have", () => {
    const writes = new OwnWrites();
    writes.keep(object("10"));
    expect(writes.freshest(undefined)).toBeUndefined();
  });

  it("drops what the cache has caught up with, and not before", () => {
    const writes = new OwnWrites();
    writes.keep(object("10"));
    writes.catchUp(object("9"));
    expect(writes.freshest(object("9"))?.metadata.resourceVersion).toBe("10");
    writes.catchUp(object("10"));
    expect(writes.freshest(object("9"))?.metadata.resourceVersion).toBe("9");
  });
});
