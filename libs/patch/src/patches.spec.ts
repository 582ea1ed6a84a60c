import { builtinFacts, customResourceSchema } from "@plumb/openapi";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyJsonPatch, applyMergePatch, applyStrategicMerge, FieldSet, PatchError } from "./index.ts";
import { fieldsOf } from "./typed-fields.ts";
import { removeFields } from "./typed-remove.ts";

const key = fc.constantFrom("a", "b", "c/d", "e~f", "__proto__", "constructor");
const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 1, "x", ""),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((pairs) => fromPairs(pairs)),
  ),
})).value;
const anyObject = fc.array(fc.tuple(key, anyJson), { maxLength: 4 }).map((pairs) => fromPairs(pairs));

/** Keeps `__proto__` a key. */
function fromPairs(pairs: readonly (readonly [string, JsonValue])[]): JsonObject {
  return JSON.parse(`{${[...new Map(pairs)].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`);
}

function hasNullInList(value: JsonValue | undefined, isInList: boolean): boolean {
  if (value === null) return isInList;
  if (Array.isArray(value)) return value.some((one) => hasNullInList(one, true));
  return isObject(value) && Object.values(value).some((one) => hasNullInList(one, isInList));
}

function frozen<Value extends JsonValue>(value: Value): Value {
  if (typeof value === "object" && value !== null) for (const one of Object.values(value)) if (one !== undefined) frozen(one as JsonValue);
  return Object.freeze(value);
}

describe("a merge patch", () => {
  it("gives what RFC 7386 says, key by key", () => {
    const reference = (target: JsonValue | undefined, patch: JsonValue): JsonValue => {
      if (!isObject(patch)) return patch;
      const result = new Map(isObject(target) ? Object.entries(target) : []);
      for (const [name, value] of Object.entries(patch)) {
        if (value === null) result.delete(name);
        else if (value !== undefined) result.set(name, reference(result.get(name), value));
      }
      return fromPairs([...result].map(([name, value]) => [name, value ?? null]));
    };
    // why: nulls in maps inside lists are treated otherwise by the API server, which is held by its own recorded answers
    const withoutNullsInLists = anyObject.filter((value) => !hasNullInList(value, false));
    fc.assert(
      fc.property(anyObject, withoutNullsInLists, (document, patch) => {
        expect(applyMergePatch(frozen(document), frozen(patch))).toEqual(reference(document, patch));
      }),
    );
  });

  it("applied twice is applied once", () => {
    fc.assert(
      fc.property(
        anyObject,
        anyObject.filter((value) => !hasNullInList(value, false)),
        (document, patch) => {
          const once = applyMergePatch(document, patch);
          expect(applyMergePatch(once, patch)).toEqual(once);
        },
      ),
    );
  });
});

describe("a JSON patch", () => {
  it("never changes its document, and an added member can be taken away again", () => {
    fc.assert(
      fc.property(anyObject, key, anyJson, (document, name, value) => {
        fc.pre(!Object.hasOwn(document, name));
        const path = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        const added = applyJsonPatch(frozen(document), [
          { op: "add", path, value },
          { op: "test", path, value },
        ]);
        expect(Object.getOwnPropertyDescriptor(added, name)?.value).toEqual(value);
        expect(applyJsonPatch(added, [{ op: "remove", path }])).toEqual(document);
      }),
    );
  });

  const refused = {
    "is no list": [{ op: "add" }, "bad-request"],
    "has an operation that is no object": [["add"], "bad-request"],
    "has an unknown operation": [[{ op: "explode", path: "/a" }], "unprocessable"],
    "has no path": [[{ op: "add", value: 1 }], "unprocessable"],
    "goes through a value": [[{ op: "add", path: "/a/b", value: 1 }], "unprocessable"],
    "goes behind the end of a list": [[{ op: "add", path: "/list/3", value: 1 }], "unprocessable"],
    "goes before the start of a list": [[{ op: "remove", path: "/list/-3" }], "unprocessable"],
    "names an element of a list by a word": [[{ op: "replace", path: "/list/first", value: 1 }], "unprocessable"],
    "tests for another value": [[{ op: "test", path: "/a", value: 2 }], "unprocessable"],
    "moves what is not there": [[{ op: "move", from: "/none", path: "/b" }], "unprocessable"],
    "replaces the whole by a text": [[{ op: "replace", path: "", value: "x" }], "unprocessable"],
  } as const;
  it.each(Object.entries(refused))("that %s is refused as a whole", (_, [patch, answer]) => {
    const run = (): unknown => applyJsonPatch({ a: 1, list: [1, 2] }, patch as JsonValue);
    expect(run).toThrow(PatchError);
    expect(run).toThrow(expect.objectContaining({ answer }));
  });

  it("reads a list from its end, appends with a dash, and moves within", () => {
    expect(
      applyJsonPatch({ list: [1, 2, 3] }, [
        { op: "replace", path: "/list/-1", value: 9 },
        { op: "add", path: "/list/-", value: 4 },
        { op: "move", from: "/list/0", path: "/list/-" },
      ]),
    ).toEqual({ list: [2, 9, 4, 1] });
  });
});

describe("a strategic merge", () => {
  it("without lists and directives is a merge patch", () => {
    const plain = anyObject.filter((value) => !JSON.stringify(value).includes("[") && !JSON.stringify(value).includes("__proto__"));
    fc.assert(
      fc.property(plain, plain, (document, patch) => {
        expect(applyStrategicMerge(frozen(document), frozen(patch), customResourceSchema(undefined))).toEqual(applyMergePatch(document, patch));
      }),
    );
  });

  const deployment = builtinFacts().schema("apps/v1", "Deployment");
  const merge = (document: JsonObject, patch: JsonObject): JsonObject => {
    if (deployment === undefined) throw new Error("no schema");
    return applyStrategicMerge(frozen({ spec: document }), frozen({ spec: patch }), deployment);
  };
  const volumes = (...list: JsonObject[]): JsonObject => ({ template: { spec: { volumes: list } } });

  it("keeps one kind of volume where the patch says which keys stay", () => {
    expect(merge(volumes({ name: "v", emptyDir: {} }), volumes({ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c" } }))).toEqual({
      spec: volumes({ name: "v", configMap: { name: "c" } }),
    });
    expect(() => merge(volumes({ name: "v", emptyDir: {} }), volumes({ name: "v", $retainKeys: ["name"], configMap: { name: "c" } }))).toThrow(
      "invalid patch format of retainKeys",
    );
  });

  it("refuses elements without their key, and directives that nobody knows", () => {
    expect(() => merge(volumes({ name: "v" }), volumes({ emptyDir: {} }))).toThrow("does not contain declared merge key: name");
    expect(() => merge(volumes({ name: "v" }), volumes({ name: "v", $patch: "explode" }))).toThrow("unknown patch type: explode");
    expect(() => merge(volumes({ name: "v" }), volumes({ name: "v", $patch: "merge" }))).toThrow("merging lists cannot yet be specified in the patch");
  });

  it("takes a delete of what is not there for done, and leaves no directive in what is new", () => {
    expect(merge(volumes({ name: "v" }), volumes({ name: "w", $patch: "delete" }))).toEqual({ spec: volumes({ name: "v" }) });
    expect(merge({}, volumes({ name: "w", $patch: "delete" }, { name: "v", emptyDir: { sizeLimit: null } }))).toEqual({
      spec: volumes({ name: "v", emptyDir: {} }),
    });
  });
});

describe("typed parts of an object", () => {
  const pod = builtinFacts().schema("v1", "Pod");
  if (pod === undefined) throw new Error("no schema");
  const object: JsonObject = {
    metadata: { labels: { a: "1", b: "2" }, finalizers: ["e.com/x"] },
    spec: {
      containers: [
        { name: "app", image: "i", args: ["x"] },
        { name: "side", image: "j" },
      ],
    },
  };

  it("are gone when they are taken away", () => {
    expect(removeFields(object, FieldSet.EMPTY, pod)).toEqual(object);
    for (const path of fieldsOf(object, pod).paths()) expect(fieldsOf(removeFields(object, FieldSet.of([path]), pod), pod).has(path)).toBe(false);
  });
});
