import type { Manifest } from "@plumb/api";
import { configMapFile, deploymentFile, text, type Target } from "@plumb/e2e/toolkit";

/** Six objects, of which the second revision changes four and drops two, and the third drops all but one. */
export interface Fixture {
  /** Files of each revision. */
  readonly revisions: readonly Readonly<Record<string, string>>[];
  /** What is there at each revision, and nothing else of the six. */
  readonly present: readonly (readonly string[])[];
  /** The six, by name. */
  readonly targets: Readonly<Record<string, Target>>;
}

/** @param id makes the names of cluster-scoped objects unique */
export function fixture(namespace: string, id: string): Fixture {
  const group = `${id}.example.com`;
  const inner = `${namespace}-inner`;
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } } };
  const definition: Manifest = {
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
  const widget = (size: number): string => text({ apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "one", namespace: inner }, spec: { size } });
  const secret = (value: string): string =>
    text({ apiVersion: "v1", kind: "Secret", metadata: { name: "secret", namespace: inner }, data: { value: Buffer.from(value).toString("base64") } });
  const space = text({ apiVersion: "v1", kind: "Namespace", metadata: { name: inner } });
  return {
    revisions: [
      {
        "definition.yaml": text(definition),
        "widget.yaml": widget(1),
        "space.yaml": space,
        "settings.yaml": configMapFile(inner, "settings", { v: "1" }),
        "web.yaml": deploymentFile(inner, "web"),
        "secret.yaml": secret("1"),
      },
      { "definition.yaml": text(definition), "widget.yaml": widget(2), "space.yaml": space, "web.yaml": deploymentFile(inner, "web", { image: "app:2" }) },
      { "space.yaml": space, "settings.yaml": configMapFile(inner, "settings", { v: "3" }) },
    ],
    present: [
      ["definition", "widget", "space", "settings", "web", "secret"],
      ["definition", "widget", "space", "web"],
      ["space", "settings"],
    ],
    targets: {
      definition: { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: `widgets.${group}` },
      widget: { apiVersion: `${group}/v1`, kind: "Widget", namespace: inner, name: "one" },
      space: { apiVersion: "v1", kind: "Namespace", name: inner },
      settings: { apiVersion: "v1", kind: "ConfigMap", namespace: inner, name: "settings" },
      web: { apiVersion: "apps/v1", kind: "Deployment", namespace: inner, name: "web" },
      secret: { apiVersion: "v1", kind: "Secret", namespace: inner, name: "secret" },
    },
  };
}
