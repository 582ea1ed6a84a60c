import fc from "fast-check";
import { anyFields } from "./arbitrary-fields.ts";
import { anyObject, joined } from "./arbitrary-object.ts";

/** Files by path; the kustomization to build lies in `overlay`. */
export type Tree = Readonly<Record<string, string>>;

/** What lies beside every kustomization, for the fields that name files. */
const COMPANIONS: Tree = {
  "f.txt": "file\ncontent\n",
  "e.env": "# c\nA=1\n B=x y\nEMPTY\n",
  "config.yaml": `namePrefix:
- {path: metadata/name, kind: Widget}
nameReference:
- kind: Widget
  fieldSpecs:
  - {kind: Widget, path: spec/value}
  - {kind: ConfigMap, path: data/key0}
commonLabels:
- {path: spec/selector2, kind: Widget, create: true}
varReference:
- {path: spec/value, kind: Widget}
images:
- {path: spec/list/v, kind: Widget}
`,
  "crd.json": JSON.stringify({
    "com.example.v1.Widget": { Schema: { properties: { apiVersion: {}, kind: {}, metadata: {}, spec: { $ref: "com.example.v1.WidgetSpec" } } } },
    "com.example.v1.WidgetSpec": {
      Schema: {
        properties: {
          value: { "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-name-key": "n" },
        },
      },
    },
  }),
  "schema.json": JSON.stringify({
    definitions: {
      "com.example.v1.Widget": {
        properties: {
          spec: {
            properties: {
              list: { type: "array", items: { type: "object" }, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge" },
            },
          },
        },
        "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Widget" }],
      },
    },
  }),
};

/** Objects of different kinds or names, so that most trees can be built. */
const objects = (suffix: string): fc.Arbitrary<string> =>
  fc
    .uniqueArray(anyObject, { minLength: 1, maxLength: 6, selector: (text) => /kind: (\w+)[^]*?name: (\w+)/.exec(text)?.slice(1).join(" ") ?? "" })
    .chain((texts) => joined(texts.map((text) => text.replace(/^ {2}name: \w+/m, `$&${suffix}`))));

/** Whether patches may give a generated object another kind: what is hashed then is how Go keeps the object, line numbers and all. */
function mayChangeGenerated(tree: Tree): boolean {
  const texts = Object.entries(tree).flatMap(([path, text]) => (path.endsWith("/kustomization.yaml") ? [text] : []));
  return texts.some((text) => /Generator:/.test(text)) && texts.some((text) => /allowKindChange|"path":"(?:\/kind)?","value"/.test(text));
}

/** A base, an overlay and perhaps a component, their fields combined at random. */
export const anyTree: fc.Arbitrary<Tree> = fc
  .record({
    base: objects(""),
    own: fc.option(objects("x")),
    baseFields: anyFields,
    overlayFields: anyFields,
    componentFields: fc.option(anyFields),
  })
  .map(({ base, own, baseFields, overlayFields, componentFields }) => {
    const tree: Record<string, string> = {
      "base/kustomization.yaml": `resources: [base.yaml]\n${baseFields}`,
      "base/base.yaml": base,
      "overlay/kustomization.yaml": `resources: [../base${own === null ? "" : ", own.yaml"}]\n${componentFields === null ? "" : "components: [../component]\n"}${overlayFields}`,
    };
    if (own !== null) tree["overlay/own.yaml"] = own;
    if (componentFields !== null)
      tree["component/kustomization.yaml"] = `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {name: c}\n${componentFields}`;
    for (const folder of ["base", "overlay", "component"]) for (const [name, text] of Object.entries(COMPANIONS)) tree[`${folder}/${name}`] = text;
    return tree;
  })
  .filter((tree) => !mayChangeGenerated(tree));
