import { configMapFile, deploymentFile, targetOf, text, type Target } from "@plumb/e2e/toolkit";
import { widget, widgetDefinition } from "@plumb/kube/testing";

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
  const sized = (size: number): string => text(widget(group, inner, size));
  const secret = (value: string): string =>
    text({ apiVersion: "v1", kind: "Secret", metadata: { name: "secret", namespace: inner }, data: { value: Buffer.from(value).toString("base64") } });
  const definition = text(widgetDefinition(group));
  const space = text({ apiVersion: "v1", kind: "Namespace", metadata: { name: inner } });
  return {
    revisions: [
      {
        "definition.yaml": definition,
        "widget.yaml": sized(1),
        "space.yaml": space,
        "settings.yaml": configMapFile(inner, "settings", { v: "1" }),
        "web.yaml": deploymentFile(inner, "web"),
        "secret.yaml": secret("1"),
      },
      { "definition.yaml": definition, "widget.yaml": sized(2), "space.yaml": space, "web.yaml": deploymentFile(inner, "web", { image: "app:2" }) },
      { "space.yaml": space, "settings.yaml": configMapFile(inner, "settings", { v: "3" }) },
    ],
    present: [
      ["definition", "widget", "space", "settings", "web", "secret"],
      ["definition", "widget", "space", "web"],
      ["space", "settings"],
    ],
    targets: {
      definition: targetOf(widgetDefinition(group)),
      widget: targetOf(widget(group, inner, 1)),
      space: { apiVersion: "v1", kind: "Namespace", name: inner },
      settings: { apiVersion: "v1", kind: "ConfigMap", namespace: inner, name: "settings" },
      web: { apiVersion: "apps/v1", kind: "Deployment", namespace: inner, name: "web" },
      secret: { apiVersion: "v1", kind: "Secret", namespace: inner, name: "secret" },
    },
  };
}
