import type { Manifest } from "@plumb/api";

/** The definition of a namespaced kind of its own, `Widget`, whose `spec.size` is a whole number of 64 bits. */
export function widgetDefinition(group: string): Manifest {
  const size = { type: "integer", format: "int64" };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size } } } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

/** A Widget by the name of `one`. */
export function widget(group: string, namespace: string, size: number | bigint): Manifest {
  return { apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "one", namespace }, spec: { size } };
}
