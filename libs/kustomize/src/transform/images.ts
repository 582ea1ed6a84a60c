import type { YamlNode } from "@plumb/yaml";
import type { FieldSpec } from "../config/field-spec.ts";
import type { Image } from "../load/kustomization.ts";
import { getField, mustBe, scalarNode, setScalar } from "../node/fields.ts";
import { goRegexp, type Matcher } from "../node/go-regexp.ts";
import { topText } from "../node/metadata.ts";
import { applyFieldSpec } from "./apply-field-spec.ts";
import type { Transform } from "./transform.ts";

export interface ImageArgs {
  readonly image: Image;
  readonly fieldSpecs: readonly FieldSpec[];
}

/** Renames and retags an image, in every list of containers and in the fields that the specifications name. */
export function imageTransform({ image, fieldSpecs }: ImageArgs): Transform {
  const isImage = imageMatcher(image.name);
  const change = (field: YamlNode): void => changeImage(field, image, isImage);
  return (resources) => {
    const nodes = resources.items.flatMap(({ node }) => (node === undefined || topText(node, "kind") === "CustomResourceDefinition" ? [] : [node]));
    for (const node of nodes) changeContainers(node, change);
    for (const node of nodes) for (const spec of fieldSpecs) applyFieldSpec(node, spec, change);
  };
}

const VERSION = "(?::[a-zA-Z0-9_.{}-]*)?(?:@sha256:[a-zA-Z0-9_.{}-]*)?";

/** The name is a regular expression, and what follows it a tag and a digest; a name that is none matches nothing. */
function imageMatcher(name: string): Matcher {
  // Nearly all names have nothing but dots in them that mean something.
  const isPlain = /^[A-Za-z0-9_/:@.-]{1,300}$/.test(name);
  if (!isPlain) return goRegexp(`^${name}${VERSION}$`);
  const pattern = new RegExp(`^${name.replaceAll(".", "[^\\n]")}${VERSION}$`, "u");
  return (text) => pattern.test(text);
}

function changeContainers({ kind, content }: YamlNode, change: (field: YamlNode) => void): void {
  if (kind === "sequence") for (const item of content) changeContainers(item, change);
  if (kind !== "mapping") return;
  for (let i = 0; i + 1 < content.length; i += 2) {
    const name = content[i]?.value;
    const value = content[i + 1];
    if (value === undefined || value.kind === "scalar") continue;
    changeContainers(value, change);
    if ((name !== "containers" && name !== "initContainers") || value.kind !== "sequence") continue;
    for (const container of value.content) {
      const field = getField(container, "image");
      if (field !== undefined) change(field);
    }
  }
}

function changeImage(field: YamlNode, image: Image, isImage: Matcher): void {
  mustBe("scalar", field);
  if (!isImage(field.value)) return;
  const old = splitImage(field.value);
  const name = image.newName === "" ? old.name : image.newName;
  const { tag, digest } = newVersion(old, image);
  setScalar(field, scalarNode(`${name}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`));
}

interface ImageParts {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

function newVersion(old: ImageParts, { newTag, digest, tagSuffix }: Image): Omit<ImageParts, "name"> {
  if (newTag !== "" || digest !== "") return { tag: newTag, digest };
  if (tagSuffix !== "") return { tag: old.tag + tagSuffix, digest: "" };
  return old;
}

/** Splits `registry:5000/name:tag@digest`. */
function splitImage(image: string): ImageParts {
  const slash = Math.max(image.indexOf("/"), 0);
  const at = image.indexOf("@", slash);
  const colon = image.indexOf(":", slash);
  if (at === -1 && colon === -1) return { name: image, tag: "", digest: "" };
  if (at !== -1 && (colon === -1 || at < colon)) return { name: image.slice(0, at), tag: "", digest: image.slice(at + 1) };
  if (at !== -1) return { name: image.slice(0, colon), tag: image.slice(colon + 1, at), digest: image.slice(at + 1) };
  return { name: image.slice(0, colon), tag: image.slice(colon + 1), digest: "" };
}
