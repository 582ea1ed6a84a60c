import { parseOne } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { Fields } from "../load/fields.ts";
import type { Selector } from "../load/kustomization.ts";
import { readSelector } from "../load/read-kustomization.ts";
import type { Loader } from "../load/loader.ts";
import { mustBe, scalarNode, setScalar } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { splitPath } from "../node/split-path.ts";
import type { Resource } from "../resource/resource.ts";
import { selectResources } from "../resource/select.ts";
import { setNamespace } from "./namespace.ts";
import type { Transform } from "./transform.ts";

interface ValueTarget {
  readonly selector: Selector | undefined;
  readonly fieldPath: string;
  readonly position: number;
}

/** Writes one value into fields, or with a position into a path that a field holds. */
export async function valueAddTransform(fields: Fields, loader: Loader): Promise<Transform> {
  const given = fields.text("value").trim();
  const value = given === "" ? (loader.shownRoot.split("/").at(-1) ?? "") : given;
  const targets = [...fields.list("targets", readTarget)];
  const path = fields.text("targetFilePath");
  if (path !== "") targets.push(...new Fields(parseOne(await loader.load(path), { path, dialect: "kubernetes" }), "lenient").list("targets", readTarget));
  if (targets.length === 0) throw invalid("must specify at least one target");
  for (const { fieldPath, position } of targets) {
    if (fieldPath === "") throw invalid("fieldPath cannot be empty");
    if (position < 0) throw invalid(`value of FilePathPosition (${position}) cannot be negative`);
  }
  return (resources) => {
    for (const target of targets) {
      const selected = target.selector === undefined ? resources.items : selectResources(resources.items, target.selector);
      for (const resource of selected) addValue(resource, value, target);
    }
  };
}

function readTarget(fields: Fields): ValueTarget {
  return { selector: fields.object("selector", readSelector), fieldPath: fields.text("fieldPath"), position: fields.index("filePathPosition") };
}

function addValue(resource: Resource, value: string, { fieldPath, position }: ValueTarget): void {
  if (resource.node === undefined) return;
  if (fieldPath === "metadata/namespace") {
    return setNamespace(resource, { namespace: value, fieldSpecs: [], unsetOnly: false, subjects: "defaultOnly" });
  }
  const field = lookup(resource.node, splitPath(fieldPath, "/"), "scalar");
  if (field === undefined) return;
  mustBe("scalar", field);
  setScalar(field, scalarNode(position > 0 ? insertPart(field.value, position - 1, value) : value));
}

/** Puts a part into a path; the first place of an absolute one is behind its slash. */
function insertPart(path: string, position: number, part: string): string {
  if (part === "") return path;
  const parts = path === "" ? [] : path.replace(/(?<=.)\/+$/, "").split("/");
  let at = Math.min(Math.max(position, 0), parts.length);
  if (parts.length > 0 && parts[0] === "" && at < parts.length) at++;
  return [...parts.slice(0, at), part, ...parts.slice(at)].join("/");
}
