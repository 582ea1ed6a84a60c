import type { LiveObject } from "@plumb/api";
import { applyMergePatch } from "@plumb/patch";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withConditions, type ConditionChanges } from "./conditions.ts";
import { conditionsOf, statusPatch, StatusWriter } from "./status.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 0, 10, 999);
const now = "2026-01-01T00:00:10Z";
const { signal } = new AbortController();

function object(status?: JsonObject, generation = 2): LiveObject {
  return {
    apiVersion: "v1",
    kind: "K",
    metadata: { name: "a", namespace: "b", uid: "u", resourceVersion: "7", generation },
    ...(status === undefined ? {} : { status }),
  };
}

const ready = { type: "Ready", status: "True", reason: "Succeeded", message: "m", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" };

describe("statusPatch", () => {
  it.each<[string, JsonObject | undefined, Record<string, unknown>, JsonObject | undefined]>([
    ["asks for nothing where there is no status and nothing to say", undefined, {}, undefined],
    ["asks for nothing where the same is said again", { a: 1, b: { c: [1] } }, { a: 1, b: { c: [1] } }, undefined],
    ["does not mind the order of keys", { a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, undefined],
    ["minds the order of a list", { a: [1, 2] }, { a: [2, 1] }, { a: [2, 1] }],
    ["leaves what is not named", { a: 1, b: 2 }, { a: 3 }, { a: 3 }],
    ["removes what is undefined", { a: 1 }, { a: undefined }, { a: null }],
    ["asks for nothing to remove what is not there", {}, { a: undefined }, undefined],
    ["removes the keys of a map that are gone", { a: { x: 1, y: 2 } }, { a: { y: 2 } }, { a: { y: 2, x: null } }],
    ["removes keys far inside", { a: { b: { x: 1 } } }, { a: { b: {} } }, { a: { b: { x: null } } }],
    ["reads an undefined field inside as absent", { a: { x: 1 } }, { a: { x: 1, y: undefined } }, undefined],
    ["puts a map in the place of a list whole", { a: [1] }, { a: { x: 1 } }, { a: { x: 1 } }],
    ["tells apart what a double cannot", { a: 9007199254740993n }, { a: 9007199254740992n }, { a: 9007199254740992n }],
    ["takes a key named like a method for a key", { a: {} }, { a: { constructor: "x" } }, { a: { constructor: "x" } }],
  ])("%s", (_, stored, fields, expected) => {
    expect(statusPatch(object(stored), { fields, conditions: {} }, NOW_MS)).toEqual(expected);
  });

  it("stamps conditions with the second and the generation, that of the object unless another is named", () => {
    const is = { status: "False", reason: "R", message: "m" } as const;
    expect(statusPatch(object(), { fields: {}, conditions: { Ready: is } }, NOW_MS)).toEqual({
      conditions: [{ type: "Ready", ...is, observedGeneration: 2, lastTransitionTime: now }],
    });
    expect(statusPatch(object(), { fields: {}, conditions: { Ready: is }, generation: 1 }, NOW_MS)).toMatchObject({ conditions: [{ observedGeneration: 1 }] });
  });
  it("writes a condition again only for a new generation, and keeps its time then", () => {
    const { status, reason, message } = ready;
    const update = { fields: {}, conditions: { Ready: { status: "True" as const, reason, message } } };
    expect(status).toBe("True");
    expect(statusPatch(object({ conditions: [ready] }, 1), update, NOW_MS)).toBeUndefined();
    expect(statusPatch(object({ conditions: [ready] }, 2), update, NOW_MS)).toEqual({ conditions: [{ ...ready, observedGeneration: 2 }] });
  });

  it("turns, as a merge patch, what is stored into exactly what is wanted", () => {
    const anyKey = fc.constantFrom("a", "b", "c", "constructor", "__proto__", "toString");
    const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.string({ maxLength: 3 }),
        fc.boolean(),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(anyKey, tie("value"), { maxKeys: 3 }),
      ),
    }));
    const anyFields = fc.dictionary(fc.constantFrom("a", "b", "c", "constructor"), fc.option(anyValue, { nil: undefined }));
    const anyChanges: fc.Arbitrary<ConditionChanges> = fc.dictionary(
      fc.constantFrom("Ready", "Stalled", "Healthy"),
      fc.option(fc.record({ status: fc.constantFrom("True" as const, "False" as const), reason: fc.string(), message: fc.string() }), { nil: undefined }),
    );
    const anyStatus = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), anyValue);
    fc.assert(
      fc.property(anyStatus, anyFields, anyChanges, anyChanges, (stored, fields, first, conditions) => {
        const before = object({ ...stored, conditions: asJson(withConditions([], first, { generation: 1, now: ready.lastTransitionTime })) });
        const status = before["status"];
        const patch = statusPatch(before, { fields, conditions }, NOW_MS);
        const after = patch === undefined ? status : applyMergePatch(isObject(status) ? status : {}, patch);
        const kept = Object.entries({ ...stored, ...fields }).filter(([, value]) => value !== undefined);
        const wanted = withConditions(conditionsOf(before), conditions, { generation: 2, now });
        expect(after).toEqual({ ...Object.fromEntries(kept), conditions: wanted });
        expect(isObject(after)).toBe(true);
        expect(statusPatch({ ...before, status: after ?? null }, { fields, conditions }, NOW_MS)).toBeUndefined();
      }),
    );
  });
});

function asJson(value: unknown): JsonValue {
  // why: conditions are made of JSON values, which their interface does not say
  return value as JsonValue;
}

describe("StatusWriter", () => {
  const update = { fields: { a: 1 }, conditions: {} };
  /** Answers patches with the failures in turn, then with success; and reads with `fresh`. */
  function writer(failures: readonly ToolkitError[], fresh: LiveObject | undefined): { readonly subject: StatusWriter; readonly sent: JsonValue[] } {
    const sent: JsonValue[] = [];
    const left = [...failures];
    const subject = new StatusWriter({
      resource: { group: "g", version: "v1", plural: "ks" },
      fieldManager: "m",
      nowMs: () => NOW_MS,
      client: {
        get: async () => fresh,
        patch: async (_, patch) => {
          sent.push(patch);
          const failure = left.shift();
          if (failure !== undefined) throw failure;
          return object({ a: 1 });
        },
      },
    });
    return { subject, sent };
  }
  const conflict = new ToolkitError("conflict", "modified");

  it("sends nothing where nothing differs", async () => {
    const { subject, sent } = writer([], undefined);
    const same = object({ a: 1 });
    expect(await subject.write(same, update, signal)).toBe(same);
    expect(sent).toEqual([]);
  });
  it("locks each try on the version that it was computed from", async () => {
    const fresh = { ...object(), metadata: { ...object().metadata, resourceVersion: "8" } };
    const { subject, sent } = writer([conflict], fresh);
    await subject.write(object(), update, signal);
    expect(sent).toEqual(["7", "8"].map((resourceVersion) => ({ metadata: { resourceVersion }, status: { a: 1 } })));
  });
  it("gives up after five conflicts", async () => {
    const { subject, sent } = writer(
      Array.from({ length: 9 }, () => conflict),
      object(),
    );
    await expect(subject.write(object(), update, signal)).rejects.toBe(conflict);
    expect(sent.length).toBe(5);
  });
  it.each<[string, ToolkitError, LiveObject | undefined]>([
    ["is gone", new ToolkitError("missing", "not found"), undefined],
    ["is gone by the time of the second try", conflict, undefined],
    ["is another one of the same name by then", conflict, { ...object(), metadata: { ...object().metadata, uid: "other" } }],
  ])("writes nothing more to an object that %s", async (_, failure, fresh) => {
    const { subject, sent } = writer([failure], fresh);
    expect(await subject.write(object(), update, signal)).toBeUndefined();
    expect(sent.length).toBe(1);
  });
  it("lets any other failure through", async () => {
    const denied = new ToolkitError("denied", "no");
    await expect(writer([denied], object()).subject.write(object(), update, signal)).rejects.toBe(denied);
  });
});
