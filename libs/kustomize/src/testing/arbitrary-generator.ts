import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";

type Text = fc.Arbitrary<string>;

const OPTIONS = fc.constantFrom(
  "",
  "",
  "",
  "  options: {disableNameSuffixHash: true, labels: {o: p}}\n",
  '  options: {annotations: {z: "1", a: two}, labels: {"yes": "yes"}}\n',
  "  options: {immutable: true}\n",
  "  options: {immutable: false, disableNameSuffixHash: false}\n",
);
const BEHAVIOR = fc.oneof(
  { weight: 20, arbitrary: fc.constant("") },
  { weight: 4, arbitrary: fc.constantFrom("create", "merge", "replace", "unspecified").map((name) => `  behavior: ${name}\n`) },
);
const PLACE = fc.constantFrom("", "", "", "  namespace: ns1\n", "  namespace: default\n");
const DATA = fc.uniqueArray(
  fc.constantFrom(
    "  literals: [k=v, \"q='1'\", multi=a b]\n",
    '  literals: [k=other, "nl=a\\nb\\n", "t=\\t x", empty=, "n=1.0", "eq=a=b"]\n',
    "  literals: ['k=<&>', 'é=ü', 'quoted=\"x\"', 'dollar=$(VAR)']\n",
    "  files: [f.txt, other=f.txt]\n",
    "  files: [binary.bin, yaml=config.yaml]\n",
    "  envs: [e.env]\n",
    "  env: e.env\n",
  ),
  { minLength: 1, maxLength: 2, selector: (text) => text.split(":")[0] },
);

const entry = (type: Text): Text =>
  fc
    .tuple(anyName, fc.constantFrom("", "1", "2", "3", "4", "5"), PLACE, BEHAVIOR, DATA, OPTIONS, type)
    .map(([name, number, place, behavior, ...parts]) => `- name: ${name}gen${number}\n${place}${behavior}${parts.flat().join("")}`);

const entries = (field: string, type: Text): Text => fc.array(entry(type), { minLength: 1, maxLength: 2 }).map((all) => `${field}:\n${all.join("")}`);

/** The field `configMapGenerator`. */
export const anyConfigMaps: Text = entries("configMapGenerator", fc.constant(""));

/** The field `secretGenerator`. */
export const anySecrets: Text = entries("secretGenerator", fc.constantFrom("", "", "  type: Opaque\n", "  type: kubernetes.io/tls\n"));

/** The field `generatorOptions`. */
export const anyGeneratorOptions: Text = fc.constantFrom(
  "generatorOptions: {labels: {g: h}}",
  'generatorOptions: {disableNameSuffixHash: true, annotations: {g: "1"}}',
  "generatorOptions: {immutable: true}",
  "generatorOptions: {labels: {o: global, g: h}, annotations: {a: b}, immutable: true}",
  "generatorOptions: {}",
);
