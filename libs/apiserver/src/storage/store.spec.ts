import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Store, type Collection } from "./store.ts";

const object = (value: number): { metadata: Record<string, string>; value: number } => ({ metadata: {}, value });
const seen = (collection: Collection): string => JSON.stringify(collection.snapshot("").entries);

describe("the store", () => {
  it("gives every change of anything a version of its own, in order", () => {
    const store = new Store();
    const versions: number[] = [];
    store.onChange((_, { version }) => versions.push(version));
    store.collection("a").put("x", object(1));
    store.collection("b").put("y", object(1));
    store.collection("a").remove("x");
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it("can show what was there at any version that it has not forgotten", () => {
    const change = fc.tuple(fc.constantFrom("a", "b", "c"), fc.option(fc.nat(9)));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = new Store();
        const collection = store.collection("things");
        const history = new Map<number, string>([[store.version, seen(collection)]]);
        for (const [key, value] of changes) {
          if (value === null) collection.remove(key);
          else collection.put(key, object(value));
          history.set(store.version, seen(collection));
        }
        for (const [version, then] of history) expect(JSON.stringify(collection.snapshotAt(version, "")?.entries)).toBe(then);
      }),
    );
  });

  it("says that it has forgotten, and never shows half of what happened", () => {
    const store = new Store(3);
    const collection = store.collection("things");
    const start = store.version;
    for (let at = 0; at < 10; at++) collection.put("x", object(at));
    expect(collection.eventsSince(start)).toBeUndefined();
    expect(collection.snapshotAt(start, "")).toBeUndefined();
    expect(collection.eventsSince(store.version - 2)).toHaveLength(2);
    store.compact();
    expect(collection.eventsSince(store.version - 1)).toBeUndefined();
    expect(collection.eventsSince(store.version)).toEqual([]);
  });
});
