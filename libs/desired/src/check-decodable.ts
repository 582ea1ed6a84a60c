import type { ReadableFileSystem } from "@plumb/files";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { parseDocuments, type YamlDocument } from "@plumb/yaml";
import { inFolder } from "./scan-manifests.ts";

const MAX_FILE_BYTES = 32 * 2 ** 20;

/**
 * Looks for the first scanned file that is no manifest, as Flux does before it builds (K-024). Only asked after a build has
 * failed, for the build reads the same files and refuses the same ones in other words.
 *
 * @throws {ToolkitError} `invalid`, naming file and line
 */
export function checkDecodable(folder: string, scanned: readonly string[], fileSystem: ReadableFileSystem): void {
  for (const resource of scanned) {
    const path = inFolder(folder, resource.slice("./".length));
    if (fileSystem.stat(path)?.kind !== "file") continue;
    for (const { value, line } of documentsOf(path, fileSystem)) {
      const flaw = flawOf(value);
      if (flaw !== undefined) throw new ToolkitError("invalid", `failed to decode Kubernetes YAML from ${path}: ${flaw} (from ${path}:${line})`);
    }
  }
}

function documentsOf(path: string, fileSystem: ReadableFileSystem): readonly YamlDocument[] {
  try {
    return parseDocuments(fileSystem.read(path, MAX_FILE_BYTES), { path });
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError)) throw thrown;
    throw new ToolkitError("invalid", `failed to decode Kubernetes YAML from ${path}: MalformedYAMLError: ${thrown.message}`, { cause: thrown });
  }
}

/** What keeps a document from being a manifest, in kustomize's words. */
function flawOf(value: JsonValue): string | undefined {
  if (!isObject(value)) return "missing Resource metadata";
  const items = value["items"];
  const kind = textOf(value, "kind");
  if (kind.endsWith("List") && Array.isArray(items)) {
    for (const item of items) {
      const flaw = flawOf(item);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const name = textOf(metadata, "name");
  const subject = `{{${textOf(value, "apiVersion")} ${kind}} {{${name} ${textOf(metadata, "namespace")}} ${mapOf(metadata, "labels")} ${mapOf(metadata, "annotations")}}}`;
  if (kind === "")
    return textOf(value, "apiVersion") === "" && Object.keys(metadata).length === 0 ? "missing Resource metadata" : `missing kind in object ${subject}`;
  return name === "" && !kind.endsWith("List") ? `missing metadata.name in object ${subject}` : undefined;
}

/** A map as Go prints it. */
function mapOf(metadata: JsonObject, name: string): string {
  const entries = isObject(metadata[name]) ? Object.entries(metadata[name]) : [];
  return `map[${entries
    .map(([key, text]) => `${key}:${String(text)}`)
    .sort()
    .join(" ")}]`;
}

function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}
