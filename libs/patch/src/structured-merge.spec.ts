import { builtinFacts, customResourceSchema } from "@plumb/openapi";
import type { JsonObject } from "@plumb/std";
import { processorMs } from "@plumb/std/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch, FieldSet, updateManaged, type ApplyRequest, type ApplyResult, type ManagedEntry } from "./index.ts";

const schema = customResourceSchema({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        replicas: { type: "integer" },
        settings: { type: "object", additionalProperties: { type: "string" } },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: { type: "object", required: ["name"], properties: { name: { type: "string" }, value: { type: "string" } } },
        },
        tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
        args: { type: "array", items: { type: "string" } },
      },
    },
  },
});
const head = { apiVersion: "e.com/v1", kind: "Thing" };

function request(
  live: JsonObject | undefined,
  spec: JsonObject,
  manager: string,
  managedFields: readonly ManagedEntry[],
  more: Partial<ApplyRequest> = {},
): ApplyRequest {
  return {
    live: live ?? head,
    empty: head,
    isCreate: live === undefined,
    applied: { ...head, metadata: { name: "t" }, spec },
    manager,
    managedFields,
    force: false,
    apiVersion: "e.com/v1",
    schema,
    now: "2026-01-02T03:04:05Z",
    ...more,
  };
}

function applied(result: ApplyResult): Extract<ApplyResult, { kind: "applied" }> {
  if (result.kind !== "applied") throw new Error(result.message);
  return result;
}

const names = fc.constantFrom("a", "b", "c");
const anySpec: fc.Arbitrary<JsonObject> = fc.record(
  {
    replicas: fc.nat(3),
    settings: fc.dictionary(names, names, { minKeys: 1 }),
    parts: fc.uniqueArray(fc.record({ name: names, value: names }), { selector: ({ name }) => name, minLength: 1 }),
    tags: fc.uniqueArray(names, { minLength: 1 }),
    args: fc.array(names, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe("server-side apply", () => {
  it("applied twice is applied once: nothing changes, time included", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (mine, theirs) => {
        const first = applied(applyPatch(request(undefined, theirs, "other", [])));
        const second = applied(applyPatch(request(first.object, mine, "me", first.managedFields, { force: true })));
        const again = applied(applyPatch(request(second.object, mine, "me", second.managedFields, { now: "2030-01-01T00:00:00Z" })));
        expect(again.isChanged).toBe(false);
        expect(again.managedFields).toEqual(second.managedFields);
        expect(again.object).toEqual(second.object);
      }),
    );
  });

  it("forced has what it applies, and owns it", () => {
    fc.assert(
      fc.property(anySpec, anySpec, anySpec, (before, theirs, mine) => {
        const one = applied(applyPatch(request(undefined, before, "me", [])));
        const two = applied(applyPatch(request(one.object, theirs, "other", one.managedFields, { force: true })));
        const three = applied(applyPatch(request(two.object, mine, "me", two.managedFields, { force: true })));
        expect(three.object["spec"] ?? {}).toMatchObject(ordered(mine, three.object["spec"] as JsonObject | undefined));
        const own = three.managedFields.find(({ manager }) => manager === "me");
        const fields = FieldSet.parse(own?.fieldsV1 ?? {});
        for (const key of Object.keys(mine)) expect(JSON.stringify(fields.serialize())).toContain(`f:${key}`);
      }),
    );
  });

  it("by one manager alone ends in what was applied last, whatever was before", () => {
    fc.assert(
      fc.property(fc.array(anySpec, { minLength: 1, maxLength: 4 }), (specs) => {
        let live: JsonObject | undefined;
        let entries: readonly ManagedEntry[] = [];
        for (const spec of specs) {
          const result = applied(applyPatch(request(live, spec, "me", entries)));
          live = result.object;
          entries = result.managedFields;
        }
        expect(sorted(live?.["spec"] ?? {})).toEqual(sorted(specs.at(-1) ?? {}));
      }),
    );
  });

  it("without force either names who is in the way or leaves the values of others alone", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (theirs, mine) => {
        const first = applied(applyPatch(request(undefined, theirs, "other", [])));
        const second = applyPatch(request(first.object, mine, "me", first.managedFields));
        if (second.kind !== "applied") {
          expect(second.kind === "conflict" && second.conflicts.every(({ manager }) => manager === "other")).toBe(true);
          return;
        }
        expect(second.object["spec"] ?? {}).toMatchObject(ordered(theirs, second.object["spec"] as JsonObject | undefined));
      }),
    );
  });

  it("drops a manager whose version is not served any more", () => {
    const first = applied(applyPatch(request(undefined, { replicas: 1 }, "other", [])));
    const old = first.managedFields.map((entry) => ({ ...entry, apiVersion: "e.com/v1alpha1" }));
    const second = applied(applyPatch(request(first.object, { replicas: 2 }, "me", old)));
    expect(second.managedFields.map(({ manager }) => manager)).toEqual(["me"]);
  });

  it("reads the entries of another version through the conversion", () => {
    const other = customResourceSchema({ type: "object", properties: { spec: { type: "object", properties: { count: { type: "integer" } } } } });
    const versions = (apiVersion: string) =>
      apiVersion !== "e.com/v2"
        ? undefined
        : {
            schema: other,
            convert: (object: JsonObject): JsonObject => ({ ...object, apiVersion: "e.com/v2", spec: { count: (object["spec"] as JsonObject)["replicas"] } }),
          };
    const entry = { manager: "old", operation: "Apply", apiVersion: "e.com/v2", fieldsType: "FieldsV1", fieldsV1: { "f:spec": { "f:count": {} } } };
    const live = { ...head, metadata: { name: "t" }, spec: { replicas: 1 } };
    const result = applyPatch(request(live, { replicas: 2 }, "me", [entry], { versions }));
    expect(result).toMatchObject({ kind: "conflict", message: 'Apply failed with 1 conflict: conflict with "old": .spec.count' });
  });

  it("makes one value of a list that has become atomic since", () => {
    const entry = {
      manager: "old",
      operation: "Apply",
      apiVersion: "e.com/v1",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:args": { ".": {}, 'v:"a"': {} } } },
    };
    const live = { ...head, metadata: { name: "t" }, spec: { args: ["a"] } };
    const result = applied(applyPatch(request(live, { replicas: 1 }, "me", [entry])));
    expect(result.managedFields.find(({ manager }) => manager === "old")?.fieldsV1).toEqual({ "f:spec": { "f:args": {} } });
  });

  it("takes over what client-side apply set, for kubectl alone", () => {
    const note = JSON.stringify({ ...head, metadata: { name: "t" }, spec: { replicas: 1 } });
    const live = { ...head, metadata: { name: "t", annotations: { "kubectl.kubernetes.io/last-applied-configuration": note } }, spec: { replicas: 1 } };
    const entries = updateManaged({
      before: head,
      after: live,
      isCreate: true,
      managedFields: undefined,
      manager: "kubectl-client-side-apply",
      apiVersion: "e.com/v1",
      schema,
      now: "2026-01-02T03:04:05Z",
    });
    expect(applyPatch(request(live, { replicas: 2 }, "someone", entries ?? [])).kind).toBe("conflict");
    const result = applied(applyPatch(request(live, { replicas: 2 }, "kubectl", entries ?? [])));
    expect(result.object["metadata"]).toMatchObject({
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": '{"apiVersion":"e.com/v1","kind":"Thing","metadata":{"name":"t"},"spec":{"replicas":2}}\n',
      },
    });
  });

  it("refuses managed fields that cannot be read rather than forgetting owners", () => {
    expect(() =>
      applyPatch(request({ ...head, spec: {} }, {}, "me", [{ manager: "x", operation: "Steal", apiVersion: "v1", fieldsType: "FieldsV1" }])),
    ).toThrow("operation must be");
  });

  it("takes keys that every object has in JavaScript for keys like any other", () => {
    const settings: JsonObject = JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}');
    const first = applied(applyPatch(request(undefined, { settings }, "me", [])));
    expect(JSON.stringify(first.object["spec"])).toBe('{"settings":{"__proto__":"1","constructor":"2","toString":"3"}}');
    const second = applied(applyPatch(request(first.object, { settings: { a: "1" } }, "me", first.managedFields)));
    expect(second.object["spec"]).toEqual({ settings: { a: "1" } });
  });

  it("merges ten thousand keys in well under a second", () => {
    const before = processorMs();
    const data = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, String(at)]));
    const configMap = builtinFacts().schema("v1", "ConfigMap");
    if (configMap === undefined) throw new Error("no schema");
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "big" }, data };
    const base = {
      empty: { apiVersion: "v1", kind: "ConfigMap" },
      manager: "me",
      force: false,
      apiVersion: "v1",
      schema: configMap,
      now: "2026-01-02T03:04:05Z",
    };
    const first = applied(applyPatch({ ...base, live: base.empty, isCreate: true, applied: object, managedFields: [] }));
    const second = applied(
      applyPatch({ ...base, live: first.object, isCreate: false, applied: { ...object, data: { ...data, k0: "other" } }, managedFields: first.managedFields }),
    );
    expect(second.isChanged).toBe(true);
    expect(processorMs() - before).toBeLessThan(5000);
  });
});

/** What was applied, its lists in the order in which they stand in the object. */
function ordered(spec: JsonObject, live: JsonObject | undefined): JsonObject {
  const parts = live?.["parts"];
  const tags = live?.["tags"];
  return {
    ...spec,
    ...(Array.isArray(spec["parts"]) ? { parts: Array.isArray(parts) ? parts : [] } : {}),
    ...(Array.isArray(spec["tags"]) ? { tags: Array.isArray(tags) ? tags : [] } : {}),
  };
}

function sorted(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === "object" && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
    ),
  );
}
