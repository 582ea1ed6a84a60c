import { ToolkitError } from "@plumb/std";
import type { ObjectName, ResourceName } from "./kube-client.ts";

/**
 * The path of a collection. Segments keep their case; `:` and the like are escaped.
 *
 * @throws {ToolkitError} `invalid` for a part that would name another path
 */
export function collectionPath({ group, version, plural }: ResourceName, namespace: string | undefined): string {
  const root = group === "" ? `/api/${segment("version", version)}` : `/apis/${segment("group", group)}/${segment("version", version)}`;
  const scope = namespace === undefined || namespace === "" ? "" : `/namespaces/${segment("namespace", namespace)}`;
  return `${root}${scope}/${segment("resource", plural)}`;
}

export function objectPath({ resource, namespace, name }: ObjectName, subresource?: string): string {
  return `${collectionPath(resource, namespace)}/${segment("name", name)}${subresource === undefined ? "" : `/${subresource}`}`;
}

/** `?a=b&c=d` of the parameters that are set, or nothing. */
export function queryOf(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return set.length === 0 ? "" : `?${set.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join("&")}`;
}

function segment(what: string, value: string): string {
  if (value === "" || value === "." || value === "..") throw new ToolkitError("invalid", `${what} "${value}" is not allowed`);
  return encodeURIComponent(value);
}
