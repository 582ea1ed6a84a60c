import { OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL, withOrigin, type DesiredObject, type Manifest, type Origin } from "@plumb/api";
import type { BuiltObject } from "@plumb/kustomize";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import type { BuildSpec } from "./build-spec.ts";

/**
 * The manifests of a build (K-028, K-038): what has `items` is taken apart, kustomizations are dropped, and common metadata is
 * set over the objects' own.
 *
 * @throws {ToolkitError} `invalid` for an object without apiVersion, kind or name, with its origin
 */
export function readObjects(built: readonly BuiltObject[], commonMetadata: BuildSpec["commonMetadata"]): readonly DesiredObject[] {
  const owner = ownerLabelsOf(commonMetadata);
  return built.flatMap(({ object, origin }) => {
    mustBeManifest(object, origin);
    if (isKustomization(object)) return [];
    const items = object["items"];
    const parts = Array.isArray(items) ? items.map((item) => mustBeManifest(item, origin)) : [mustBeManifest(object, origin)];
    return parts.map((part) => ({ object: withCommonMetadata(part, commonMetadata), ...(origin === undefined ? {} : { origin }), ...owner }));
  });
}

function ownerLabelsOf(commonMetadata: BuildSpec["commonMetadata"]): Pick<DesiredObject, "ownerLabels"> {
  const labels = Object.entries(commonMetadata?.labels ?? {}).filter(([key]) => key === OWNER_NAME_LABEL || key === OWNER_NAMESPACE_LABEL);
  return labels.length === 0 ? {} : { ownerLabels: Object.fromEntries(labels) };
}

function mustBeManifest(value: JsonValue, origin: Origin | undefined): Manifest {
  if (isManifest(value)) return value;
  const { kind, metadata } = isObject(value) ? value : {};
  const name = isObject(metadata) ? metadata["name"] : undefined;
  const shown = [kind, name].filter((part) => typeof part === "string" && part !== "").join("/") || "an object";
  throw withOrigin(new ToolkitError("invalid", `failed to decode Kubernetes apiVersion, kind and name from: ${shown}`), origin);
}

function isManifest(value: JsonValue): value is Manifest {
  if (!isObject(value) || !isObject(value["metadata"])) return false;
  return [value["apiVersion"], value["kind"], value["metadata"]["name"]].every((text) => typeof text === "string" && text !== "");
}

function isKustomization({ apiVersion, kind }: JsonObject): boolean {
  return kind === "Kustomization" && typeof apiVersion === "string" && apiVersion.startsWith("kustomize.config.k8s.io/");
}

function withCommonMetadata(object: Manifest, common: BuildSpec["commonMetadata"]): Manifest {
  const { labels = {}, annotations = {} } = common ?? {};
  if (Object.keys(labels).length === 0 && Object.keys(annotations).length === 0) return object;
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(Object.keys(labels).length === 0 ? {} : { labels: { ...metadata.labels, ...labels } }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
    },
  };
}
