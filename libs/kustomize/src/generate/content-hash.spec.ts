import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

const WIDGET = "kind: Widget\nmetadata:\n  name: x\ndata:\n  extra: 'text'\n";
const MARKED = "kind: Widget # beside\n# above\nmetadata: {name: x}\ndata: !!map {k: !!str \"é😀\", j: 'x'}\n";
const OPERATIONS = [
  { op: "replace", path: "/kind", value: "Widget" },
  { op: "add", path: "/spec", value: { list: [1.5, "a\nb", []] } },
];

it.each([
  ["a merge", "configMapGenerator", "{name: g, literals: [k=v]}", WIDGET, "g-hb2gd7ff72"],
  ["a JSON patch", "configMapGenerator", "{name: g, literals: [k=v]}", JSON.stringify(OPERATIONS), "g-9kdm77tc7m"],
  ["a merge with tags and characters beyond 16 bits", "secretGenerator", "{name: g, literals: [k=a&b], options: {immutable: true}}", MARKED, "g-m9h7ttc979"],
])("A generated object that %s has made one of another kind is named by lines and columns, as kustomize does", async (_, field, args, patch, name) => {
  const text = `${field}:\n- ${args}\npatches:\n- patch: |-\n    ${patch.trimEnd().replaceAll("\n", "\n    ")}\n  target: {kind: ConfigMap|Secret}\n  options: {allowKindChange: true}\n`;
  const fileSystem = new MemoryFileSystem({ "kustomization.yaml": text });
  const { objects } = await build(".", { fileSystem, order: "fifo", signal: new AbortController().signal });
  expect(objects.map(({ object }) => [object["kind"], object["metadata"]])).toEqual([["Widget", expect.objectContaining({ name })]]);
});

it("How texts are quoted that YAML 1.1 reads otherwise, and how an origin is noted, is part of that name", async () => {
  const text = `buildMetadata: [originAnnotations]
commonAnnotations: {b: "x: y"}
configMapGenerator: [{name: g, literals: [k=v], options: {annotations: {a: "- b"}}}]
patches:
- patch: "{kind: Widget, metadata: {name: x}, list: [{name: a}]}"
  target: {kind: ConfigMap}
  options: {allowKindChange: true}
`;
  const fileSystem = new MemoryFileSystem({ "kustomization.yaml": text });
  const { objects } = await build(".", { fileSystem, order: "fifo", signal: new AbortController().signal });
  expect(objects[0]?.object["metadata"]).toMatchObject({ name: "g-t4kk6dggbc" });
});
