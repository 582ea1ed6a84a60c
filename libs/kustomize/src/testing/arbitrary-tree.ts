import fc from "fast-check";
import { COMPANIONS } from "./companions.ts";
import { anyFields } from "./arbitrary-fields.ts";
import { anyJsonPatch } from "./arbitrary-json-patch.ts";
import { anyMergePatch } from "./arbitrary-merge-patch.ts";
import { anyObject, joined } from "./arbitrary-object.ts";
import { anyNamedMerge } from "./arbitrary-patch.ts";
import { anyPluginFiles } from "./arbitrary-plugin.ts";
import { resolveReferences } from "./arbitrary-reference.ts";

/** Files by path; the kustomization to build lies in `overlay`. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** Objects of different kinds or names, so that most trees can be built. */
const objects = (suffix: string): fc.Arbitrary<string> =>
  fc
    .uniqueArray(anyObject, { minLength: 1, maxLength: 6, selector: (text) => /kind: (\w+)[^]*?name: (\w+)/.exec(text)?.slice(1).join(" ") ?? "" })
    .chain((texts) => joined(texts.map((text) => text.replace(/^ {2}name: \w+/m, `$&${suffix}`))));

/** Files with patches, the same beside every kustomization. */
const anyPatchFiles = fc
  .record({ merge: fc.oneof(anyMergePatch, anyNamedMerge), second: anyNamedMerge, operations: anyJsonPatch })
  .map(({ merge, second, operations }) => ({
    "merge.yaml": `${merge}\n`,
    "both.yaml": `${merge}\n---\n${second}\n`,
    "operations.json": operations,
    "operations.yaml": `# operations\n${
      operations
        .replace(/^\[/, "")
        .replace(/\]$/, "")
        .replaceAll(/(?<=\}),(?=\{"op")/g, "\n- ")
        .replace(/^(?=\{)/, "- ") || "[]"
    }\n`,
  }));

const COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
const HEADS = fc.constantFrom("", "", "", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "# a comment\n---\n", "kind: Kustomization\n");
const FILE_NAMES = fc.constantFrom("kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization");

/** A base, an overlay, perhaps a second base and components, their fields combined at random. */
export const anyTree: fc.Arbitrary<Tree> = fc
  .record({
    base: objects(""),
    other: fc.option(objects("y"), { freq: 2 }),
    own: fc.option(objects("x")),
    fields: fc.record({
      base: anyFields,
      other: anyFields,
      overlay: anyFields,
      component: fc.option(anyFields),
      second: fc.option(anyFields.filter((text) => text !== "")),
    }),
    head: HEADS,
    fileName: FILE_NAMES,
    patches: anyPatchFiles,
    plugins: anyPluginFiles,
  })
  .map(({ base, other, own, fields, head, fileName, patches, plugins }) => {
    const components = [...(fields.component === null ? [] : ["../component"]), ...(fields.second === null ? [] : ["../second"])];
    const resources = ["../base", ...(other === null ? [] : ["../other"]), ...(own === null ? [] : ["own.yaml"])];
    const tree: Record<string, string | Uint8Array> = {
      [`base/${fileName}`]: `${head}resources: [base.yaml]\n${fields.base}`,
      "base/base.yaml": base,
      "overlay/kustomization.yaml": `${head}resources: [${resources.join(", ")}]\n${components.length === 0 ? "" : `components: [${components.join(", ")}]\n`}${fields.overlay}`,
      "plugins/kustomization.yaml": "resources: [transformers.yaml]\n",
    };
    if (other !== null) {
      tree["other/kustomization.yaml"] = `resources: [other.yaml]\n${fields.other}`;
      tree["other/other.yaml"] = other;
    }
    if (own !== null) tree["overlay/own.yaml"] = own;
    if (fields.component !== null) tree["component/kustomization.yaml"] = `${COMPONENT}metadata: {name: c}\n${fields.component}`;
    if (fields.second !== null) tree["second/kustomization.yaml"] = `${COMPONENT}${fields.second}`;
    addNamed(tree, { ...COMPANIONS, ...patches, ...plugins });
    return withReferences(tree, `${base}\n${other ?? ""}\n${own ?? ""}`);
  });

/** Puts the files beside a kustomization that it names, or that files of plug-ins name. */
function addNamed(tree: Record<string, string | Uint8Array>, files: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    const [, folder, file] = /^(\w+)\/(.*)/.exec(path) ?? [];
    if (file === undefined || typeof text !== "string" || !/^kustomization/i.test(file)) continue;
    const naming = [text, files["transformers.yaml"], files["generator.yaml"]].join("\n");
    for (const [name, content] of Object.entries(files)) if (naming.includes(name)) tree[`${folder}/${name}`] ??= content;
  }
}

/** What a base's fields name are objects of that base; what others' name, of any. */
function withReferences(tree: Tree, all: string): Tree {
  const entries = Object.entries(tree).map(([path, content]) => {
    const [folder = ""] = path.split("/");
    const own = tree[`${folder}/${folder}.yaml`];
    return [path, typeof content === "string" ? resolveReferences(content, typeof own === "string" ? own : all) : content] as const;
  });
  return Object.fromEntries(entries);
}
