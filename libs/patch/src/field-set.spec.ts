import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FieldSet, pointerOf, valuesAt } from "./index.ts";
import { fieldElement, indexElement, keyElement, parseElement, pathText, valueElement, type FieldPath, type PathElement } from "./path-element.ts";

const anyElement: fc.Arbitrary<PathElement> = fc.oneof(
  fc.constantFrom("a", "b", "app.kubernetes.io/name", "").map(fieldElement),
  fc.constantFrom(80, 443, 2 ** 60).map((port) =>
    keyElement([
      ["protocol", "TCP"],
      ["port", port],
    ]),
  ),
  fc.constantFrom("x", 1, true).map(valueElement),
  fc.nat(3).map(indexElement),
);
const anyPath: fc.Arbitrary<FieldPath> = fc.array(anyElement, { minLength: 1, maxLength: 4 });
const anySet = fc.array(anyPath, { maxLength: 12 }).map((paths) => FieldSet.of(paths));

function texts(set: FieldSet): readonly string[] {
  return [...set.paths()].map(pathText).toSorted();
}

describe("field sets", () => {
  it("come back from the wire as they were", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(FieldSet.parse(JSON.parse(JSON.stringify(set.serialize()))).equals(set)).toBe(true);
      }),
    );
  });

  it("join, cut and subtract as sets of paths do", () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const [inA, inB] = [texts(a), texts(b)];
        const either = [...new Set([...inA, ...inB])].toSorted();
        expect(texts(a.union(b))).toEqual(either);
        expect(texts(a.intersection(b))).toEqual(inA.filter((path) => inB.includes(path)));
        expect(texts(a.difference(b))).toEqual(inA.filter((path) => !inB.includes(path)));
        expect(a.union(b).size).toBe(either.length);
      }),
    );
  });

  it("lose with a subtree exactly what is at or below its paths", () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const roots = [...b.paths()].map((path) => path.map(({ id }) => id).join("\n"));
        const kept = [...a.paths()].filter((path) => {
          const ids = path.map(({ id }) => id);
          return !ids.some((_, at) => roots.includes(ids.slice(0, at + 1).join("\n")));
        });
        expect(a.withoutSubtrees(b).equals(FieldSet.of(kept))).toBe(true);
      }),
    );
  });

  it("know their members and no others", () => {
    fc.assert(
      fc.property(anySet, anyPath, (set, path) => {
        expect(set.has(path)).toBe(texts(set).includes(pathText(path)));
      }),
    );
  });

  it("write a parent that is a member beside its children with a dot", () => {
    const wire = { "f:data": { ".": {}, "f:x": {} }, "f:metadata": { "f:finalizers": { 'v:"e.com/a"': {} } } };
    expect(FieldSet.parse(wire).serialize()).toEqual(wire);
    expect(texts(FieldSet.parse(wire))).toEqual([".data", ".data.x", '.metadata.finalizers[="e.com/a"]']);
  });

  it("drop elements of a kind that nobody knows yet, and refuse what is no element", () => {
    expect(FieldSet.parse({ "x:new": {}, "f:a": {} }).serialize()).toEqual({ "f:a": {} });
    expect(() => FieldSet.parse({ data: {} })).toThrow(SyntaxError);
    expect(() => FieldSet.parse({ "i:one": {} })).toThrow(SyntaxError);
    expect(() => FieldSet.parse({ 'k:["a"]': {} })).toThrow(SyntaxError);
    expect(() => FieldSet.parse({ "f:a": 1 })).toThrow(SyntaxError);
  });

  it("take keys in any order and spelling for the same element", () => {
    expect(parseElement('k:{"protocol": "TCP", "port":80}')?.id).toBe(
      keyElement([
        ["port", 80],
        ["protocol", "TCP"],
      ]).id,
    );
  });

  it("hold a field named like a part of every object", () => {
    const set = FieldSet.ofNames(["data", "__proto__"], ["data", "constructor"]);
    expect(FieldSet.parse(JSON.parse(JSON.stringify(set.serialize()))).equals(set)).toBe(true);
  });
});

describe("values at the paths of a set", () => {
  const service = {
    spec: {
      ports: [
        { port: 80, protocol: "TCP", name: "web" },
        { port: 443, name: "tls" },
      ],
      type: "ClusterIP",
    },
  };
  const set = FieldSet.parse({
    "f:spec": {
      "f:ports": { 'k:{"port":443,"protocol":"TCP"}': { ".": {}, "f:name": {} }, 'k:{"port":81,"protocol":"TCP"}': { ".": {}, "f:name": {} } },
      "f:type": {},
    },
  });

  it("are found by key, with the pointer to where they are", () => {
    expect(valuesAt(set, service).map(({ path, pointer, value }) => [pathText(path), pointer, value])).toEqual([
      ['.spec.ports[port=81,protocol="TCP"]', undefined, undefined],
      ['.spec.ports[port=81,protocol="TCP"].name', undefined, undefined],
      ['.spec.ports[port=443,protocol="TCP"]', "/spec/ports/1", true],
      ['.spec.ports[port=443,protocol="TCP"].name', "/spec/ports/1/name", "tls"],
      [".spec.type", "/spec/type", "ClusterIP"],
    ]);
  });

  it("have no pointer where the object lacks them", () => {
    const [missing] = [...FieldSet.ofNames(["metadata", "labels", "a/b"]).paths()];
    expect(pointerOf(missing ?? [], { metadata: {} })).toBeUndefined();
    expect(pointerOf(missing ?? [], { metadata: { labels: { "a/b": "c" } } })).toBe("/metadata/labels/a~1b");
  });
});
