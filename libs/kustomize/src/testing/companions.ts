const REFERENCE = { "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-name-key": "n" };
const LIST = { type: "array", items: { type: "object" }, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge" };

/** What lies beside every kustomization, for the fields that name files. */
export const COMPANIONS: Readonly<Record<string, string | Uint8Array>> = {
  "f.txt": "file\ncontent\n",
  "binary.bin": Uint8Array.of(0, 255, 254, 10, 65),
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
  "more.yaml": `nameSuffix:
- {path: metadata/labels/app}
nameReference:
- kind: Secret
  version: v1
  fieldSpecs:
  - {kind: Widget, path: spec/value/name}
commonAnnotations:
- {path: spec/value2/annotations, kind: Widget, create: true}
namespace:
- {path: spec/namespace, kind: Widget, create: true}
replicas:
- {path: spec/n, kind: Widget, create: true}
varReference:
- {path: metadata/annotations}
templateLabels:
- {path: spec/value2, kind: Widget, create: true}
`,
  "crd.json": JSON.stringify({
    "com.example.v1.Widget": { Schema: { properties: { apiVersion: {}, kind: {}, metadata: {}, spec: { $ref: "com.example.v1.WidgetSpec" } } } },
    "com.example.v1.WidgetSpec": { Schema: { properties: { value: REFERENCE } } },
  }),
  "crd.yaml": `com.example.v1.Widget:
  Schema:
    properties:
      apiVersion: {}
      kind: {}
      metadata: {}
      spec:
        $ref: com.example.v1.WidgetSpec2
com.example.v1.WidgetSpec2:
  Schema:
    properties:
      value2: {x-kubernetes-annotation: "", x-kubernetes-label-selector: ""}
      n: {x-kubernetes-identity: ""}
`,
  "schema.json": JSON.stringify({
    definitions: {
      "com.example.v1.Widget": {
        properties: { spec: { properties: { list: LIST } } },
        "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Widget" }],
      },
    },
  }),
};
