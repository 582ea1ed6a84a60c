import { describe, expect, it } from "vitest";
import { builtinFacts, customResourceSchema, inGoForm, type Schema } from "./index.ts";

function at(schema: Schema | undefined, ...path: readonly string[]): Schema {
  const found = path.reduce<Schema | undefined>((level, key) => (key === "[]" ? level?.items : (level?.fields.get(key) ?? level?.values)), schema);
  if (found === undefined) throw new Error(`nothing at ${path.join(".")}`);
  return found;
}

describe("facts about built-in kinds", () => {
  const facts = builtinFacts();

  it("name resources as discovery does", () => {
    expect(facts.kind("apps/v1", "Deployment")).toMatchObject({ plural: "deployments", isNamespaced: true, shortNames: ["deploy"], categories: ["all"] });
    expect(facts.kind("apps/v1", "Deployment")?.subresources.map(({ name, group, kind }) => [name, group, kind])).toEqual([
      ["scale", "autoscaling", "Scale"],
      ["status", "apps", "Deployment"],
    ]);
    expect(facts.kind("v1", "Namespace")).toMatchObject({ plural: "namespaces", singular: "namespace", isNamespaced: false, group: "" });
    expect(facts.kind("apps/v1", "Nothing")).toBeUndefined();
    expect(facts.kind("rbac.authorization.k8s.io/v1", "ClusterRole")?.isNamespaced).toBe(false);
  });

  it("know how lists and maps are merged", () => {
    const pod = facts.schema("v1", "Pod");
    expect(at(pod, "spec", "containers")).toMatchObject({ listType: "map", listKeys: ["name"], mergeKey: "name", patchStrategy: ["merge"] });
    expect(at(pod, "spec", "containers", "[]", "ports")).toMatchObject({ listType: "map", listKeys: ["containerPort", "protocol"], mergeKey: "containerPort" });
    expect(at(pod, "spec", "containers", "[]", "ports", "[]", "protocol").default).toBe("TCP");
    expect(at(pod, "spec", "volumes").patchStrategy).toEqual(["merge", "retainKeys"]);
    expect(at(pod, "spec", "nodeSelector").mapType).toBe("atomic");
    expect(at(pod, "metadata", "finalizers")).toMatchObject({ listType: "set", patchStrategy: ["merge"] });
    expect(at(facts.schema("apps/v1", "Deployment"), "spec", "strategy").patchStrategy).toEqual(["retainKeys"]);
  });

  it("tell types that are written in several ways", () => {
    const pod = facts.schema("v1", "Pod");
    expect(at(pod, "spec", "containers", "[]", "resources", "limits", "cpu").format).toBe("quantity");
    expect(at(pod, "metadata", "creationTimestamp").format).toBe("date-time");
    expect(at(facts.schema("v1", "Service"), "spec", "ports", "[]", "targetPort").format).toBe("int-or-string");
    expect(at(facts.schema("v1", "Secret"), "data", "any").format).toBe("byte");
  });

  it("build every type of every kind, those that hold themselves included", () => {
    const seen = new Set<Schema>();
    const visit = (schema: Schema): void => {
      if (seen.has(schema)) return;
      seen.add(schema);
      for (const field of schema.fields.values()) visit(field);
      for (const inner of [schema.items, schema.values]) if (inner !== undefined) visit(inner);
    };
    for (const kind of facts.kinds) {
      expect([...kind.schema.fields.keys()]).toEqual(expect.arrayContaining(["apiVersion", "kind", "metadata"]));
      visit(kind.schema);
    }
    expect(seen.size).toBeGreaterThan(2500);
    const properties = ["spec", "versions", "[]", "schema", "openAPIV3Schema", "properties", "a", "properties", "b", "type"];
    expect(at(facts.schema("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ...properties).type).toBe("string");
  });
});

describe("Go's form of an object", () => {
  const form = (apiVersion: string, kind: string, rest: Parameters<typeof inGoForm>[0]): unknown => {
    const schema = builtinFacts().schema(apiVersion, kind);
    if (schema === undefined) throw new Error("no schema");
    return inGoForm({ apiVersion, kind, ...rest }, schema);
  };

  it("has what Go never leaves out, and neither unknown nor empty fields", () => {
    expect(form("v1", "Service", {})).toEqual({ apiVersion: "v1", kind: "Service", metadata: {}, spec: {}, status: { loadBalancer: {} } });
    expect(form("v1", "ConfigMap", { data: { a: null }, colour: "red", metadata: { name: "a", labels: {} } })).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
      data: { a: "" },
    });
    expect(form("rbac.authorization.k8s.io/v1", "ClusterRole", {})).toEqual({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {},
      rules: null,
    });
  });

  it("keeps zero values that are set through a pointer", () => {
    expect(form("apps/v1", "Deployment", { spec: { replicas: 0, paused: false, selector: {}, template: { spec: { containers: [] } } } })).toMatchObject({
      spec: { replicas: 0, selector: {}, template: { metadata: {}, spec: { containers: [] } } },
    });
  });

  it("does not change when it is taken twice", () => {
    for (const { kind, group, version, schema } of builtinFacts().kinds) {
      const once = inGoForm({ apiVersion: group === "" ? version : `${group}/${version}`, kind }, schema);
      expect(inGoForm(once, schema)).toEqual(once);
    }
  });
});

describe("the schema of a custom resource", () => {
  it("has what every object has beside its own fields", () => {
    const schema = customResourceSchema({
      type: "object",
      properties: { spec: { type: "object", properties: { at: { "x-kubernetes-int-or-string": true } } } },
    });
    expect(at(schema, "metadata", "finalizers").listType).toBe("set");
    expect(at(schema, "spec", "at").format).toBe("int-or-string");
    expect(schema.values).toBeUndefined();
  });

  it("keeps unknown fields where it says so, and below", () => {
    const schema = customResourceSchema({
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      properties: { spec: { type: "object", properties: { a: { type: "string" } } } },
    });
    expect(at(schema, "spec").values?.type).toBe("any");
    expect(customResourceSchema(undefined).values?.type).toBe("any");
  });

  it("knows keyed lists, sets, embedded objects and defaults", () => {
    const schema = customResourceSchema({
      type: "object",
      properties: {
        list: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["a", "b"],
          items: { type: "object", properties: { a: { type: "string" }, b: { type: "string", default: "x" } } },
        },
        inner: { type: "object", "x-kubernetes-embedded-resource": true },
      },
    });
    expect(at(schema, "list")).toMatchObject({ listType: "map", listKeys: ["a", "b"] });
    expect(at(schema, "list", "[]", "b").default).toBe("x");
    expect(at(schema, "inner").isEmbeddedObject).toBe(true);
    expect(at(schema, "inner", "metadata", "name").type).toBe("string");
  });
});
