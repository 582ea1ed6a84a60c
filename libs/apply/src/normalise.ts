import { groupVersionKind, type Manifest } from "@plumb/api";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";

/**
 * Returns the object as it is sent: without what the cluster alone may say, and in the form the API server stores, so that
 * no second shape of the same field is owned (K-040).
 */
export function normalised(object: Manifest): Manifest {
  const { group, kind } = groupVersionKind(object);
  const served = isRole(group, kind) ? object : withoutServerFields(object, kind);
  if (group === "" && kind === "Secret") return withoutStringData(served);
  if (group === "" && kind === "Service") return withPortProtocols(served);
  return group === "rbac.authorization.k8s.io" && kind === "ClusterRole" ? withoutAggregatedRules(served) : served;
}

function isRole(group: string, kind: string): boolean {
  return group === "rbac.authorization.k8s.io" && (kind === "Role" || kind === "ClusterRole");
}

function withoutServerFields(object: Manifest, kind: string): Manifest {
  const { creationTimestamp: _created, managedFields: _managed, resourceVersion: _version, uid: _uid, generation: _generation, ...metadata } = object.metadata;
  const { status, ...rest } = object;
  const keepsStatus = kind === "CustomResourceDefinition" && status !== undefined;
  // why: what is taken away above is optional in an ObjectMeta
  return { ...rest, ...(keepsStatus ? { status } : {}), metadata: metadata as Manifest["metadata"] } as Manifest;
}

/** `stringData` is write-only: the server merges it into `data`, which is then what we own. */
function withoutStringData(secret: Manifest): Manifest {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")] as const);
  const data = isObject(rest["data"]) ? rest["data"] : {};
  // why: only `stringData` was taken away, which is no part of a Manifest
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } } as Manifest;
}

/** Ports are keyed by number and protocol; one without a protocol would be another port each time it is spelled out. */
function withPortProtocols(service: Manifest): Manifest {
  const spec = service["spec"];
  const ports = isObject(spec) ? spec["ports"] : undefined;
  if (!isObject(spec) || !Array.isArray(ports)) return service;
  const named = ports.map((port: JsonValue): JsonValue => (isObject(port) && port["protocol"] === undefined ? { ...port, protocol: "TCP" } : port));
  return { ...service, spec: { ...spec, ports: named } };
}

/** The aggregation controller writes the rules of such a role; ours would be at war with it. */
function withoutAggregatedRules(role: Manifest): Manifest {
  if (!isObject(role["aggregationRule"])) return role;
  const { rules: _rules, ...rest }: JsonObject = role;
  // why: only `rules` was taken away, which is no part of a Manifest
  return rest as Manifest;
}
