import fc from "fast-check";

type Text = fc.Arbitrary<string>;

/** Operations of a JSON patch. */
export const anyJsonPatch: Text = fc
  .constantFrom<readonly Readonly<Record<string, unknown>>[]>(
    [{ op: "add", path: "/metadata/labels", value: { j: "k" } }],
    [{ op: "replace", path: "/metadata/name", value: "renamed" }],
    [
      { op: "add", path: "/metadata/annotations", value: {} },
      { op: "add", path: "/metadata/annotations/x~1y", value: "1" },
    ],
    [{ op: "add", path: "/metadata/annotations/z", value: "1" }],
    [{ op: "remove", path: "/metadata/labels/app" }],
    [{ op: "add", path: "/spec", value: [1, 2.5, 1000000, 12345678, true, null, "yes", 1e21] }],
    [{ op: "add", path: "/spec/template/spec/containers/-", value: { name: "last", image: "nginx" } }],
    [{ op: "add", path: "/spec/template/spec/containers/0", value: { name: "first" } }],
    [{ op: "remove", path: "/spec/template/spec/containers/1" }],
    [{ op: "remove", path: "/spec/template/spec/containers/-1" }],
    [{ op: "replace", path: "/spec/template/spec/containers/0/env/1", value: { name: "R", value: "01" } }],
    [{ op: "add", path: "/data/key9", value: "a\nb\n" }],
    [{ op: "remove", path: "/data" }],
    [{ op: "replace", path: "/spec/replicas", value: null }],
    [{ op: "copy", from: "/metadata/name", path: "/spec" }],
    [
      { op: "move", from: "/kind", path: "/x" },
      { op: "move", from: "/x", path: "/kind" },
    ],
    [{ op: "test", path: "/kind", value: "Widget" }],
    [
      { op: "test", path: "/metadata/name", value: "a" },
      { op: "add", path: "/metadata/uid", value: "" },
    ],
    [{ op: "replace", path: "/metadata/namespace", value: "ns3" }],
    [{ op: "replace", path: "/kind", value: "Other" }],
    [{ op: "add", path: "", value: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "whole" } } }],
    [{ op: "add", path: "/a~0b", value: { é: [] } }],
    [{ op: "test", path: "/spec/replicas", value: 1 }],
    [
      { op: "test", path: "/metadata/labels", value: { app: "x" } },
      { op: "copy", from: "/metadata/labels", path: "/metadata/annotations" },
    ],
    [{ op: "test", path: "/spec/missing", value: null }],
    [{ op: "add", path: "/spec/template/spec/volumes/1", value: { name: "added", emptyDir: {} } }],
    [{ op: "move", from: "/spec/template/spec/containers/0", path: "/spec/template/spec/initContainers" }],
    [{ op: "replace", path: "/spec/value", value: { float: 1.5, big: 1.2345678901234567e19, text: "1e3", list: [[], {}, ""] } }],
    [{ op: "replace", path: "/missing/field", value: 1 }],
    [{ op: "add", path: "/metadata/annotations/none" }],
    [{ op: "remove", path: "/spec" }],
    [{ op: "add", path: "/metadata/labels/tpl", value: "{{x}}: #" }],
    [{ op: "none", path: "/spec" }],
    [],
  )
  .map((operations) => JSON.stringify(operations))
  // Numbers and texts as Go would not write them.
  .chain((text) => fc.constantFrom(text, text, text, text.replaceAll(/:1(?=[,}])/g, ":1.0").replaceAll('"x"', '"\\u0078"')));
