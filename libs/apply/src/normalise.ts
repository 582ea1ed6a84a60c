import { groupVersionKind, type Manifest } from "@plumb/api";
import { builtinFacts, inGoForm, type Schema } from "@plumb/openapi";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";

/**
 * Returns the object as it is sent: in the form in which Go writes it where its kind is built in, without what the cluster
 * alone may say, so that no second shape of the same field is owned (K-040).
 */
export function normalised(object: Manifest): Manifest {
  const { group, kind } = groupVersionKind(object);
  if (group === "rbac.authorization.k8s.io" && (kind === "Role" || kind === "ClusterRole")) return asManifest(withoutAggregatedRules(object));
  const schema = builtinFacts().schema(object.apiVersion, kind);
  const ours = withoutServerFields(object, kind);
  return asManifest(ofKind(group, kind, schema === undefined ? ours : written(ours, schema)));
}

/** What only this or that kind has. */
function ofKind(group: string, kind: string, object: JsonObject): JsonObject {
  if (group === "" && kind === "Secret") return withoutStringData(object);
  if (group === "" && kind === "Service") return edited(object, ["spec", "ports"], withProtocols);
  if (group === "apiextensions.k8s.io" && kind === "CustomResourceDefinition") return withoutBrokenBundle(object);
  const podSpec = POD_SPECS[`${group}/${kind}`];
  if (podSpec === undefined) return object;
  return ["initContainers", "containers"].reduce((result, list) => edited(result, [...podSpec, list], eachContainer), object);
}

const TEMPLATE = ["spec", "template", "spec"];
const POD_SPECS: Readonly<Record<string, readonly string[]>> = {
  "/Pod": ["spec"],
  "/ReplicationController": TEMPLATE,
  "apps/Deployment": TEMPLATE,
  "apps/StatefulSet": TEMPLATE,
  "apps/DaemonSet": TEMPLATE,
  "apps/ReplicaSet": TEMPLATE,
  "batch/Job": TEMPLATE,
  "batch/CronJob": ["spec", "jobTemplate", ...TEMPLATE],
};

function asManifest(object: JsonObject): Manifest {
  return object as Manifest; // why: nothing here takes apiVersion, kind or the name away
}

function withoutServerFields(object: Manifest, kind: string): JsonObject {
  const { creationTimestamp: _created, managedFields: _managed, resourceVersion: _version, uid: _uid, generation: _generation, ...metadata } = object.metadata;
  const { status, ...rest } = object;
  return { ...rest, ...(kind === "CustomResourceDefinition" && status !== undefined ? { status } : {}), metadata };
}

/** Go's form, less the status that nobody wrote and the nulls that stand for empty lists. */
function written(object: JsonObject, schema: Schema): JsonObject {
  const { status, ...form } = inGoForm(object, schema);
  const kept = Object.entries(form).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(kept), ...(object["status"] === undefined ? {} : { status }) };
}

/** The object with the value at `path` replaced; as it is where there is none. */
function edited(object: JsonObject, [key, ...rest]: readonly string[], change: (value: JsonValue) => JsonValue): JsonObject {
  const value = key === undefined ? undefined : object[key];
  if (key === undefined || value === undefined || value === null) return object;
  if (rest.length === 0) return { ...object, [key]: change(value) };
  return isObject(value) ? { ...object, [key]: edited(value, rest, change) } : object;
}

function eachContainer(containers: JsonValue): JsonValue {
  return Array.isArray(containers) ? containers.map((one: JsonValue) => (isObject(one) ? edited(one, ["ports"], withProtocols) : one)) : containers;
}

/** Ports are keyed by number and protocol; one without a protocol would be another port each time it is spelled out. */
function withProtocols(ports: JsonValue): JsonValue {
  if (!Array.isArray(ports)) return ports;
  return ports.map((port: JsonValue): JsonValue => (isObject(port) && (port["protocol"] ?? "") === "" ? { ...port, protocol: "TCP" } : port));
}

/** `stringData` is write-only: the server merges it into `data`, which is then what we own. What is no text is left for it to refuse. */
function withoutStringData(secret: JsonObject): JsonObject {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData) || Object.values(stringData).some((value) => value !== null && typeof value !== "string")) return secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text ?? "")).toString("base64")] as const);
  const data = isObject(rest["data"]) ? rest["data"] : {};
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
}

/** The API server refuses a definition whose webhook has a bundle without a certificate; tools leave such in for later. */
function withoutBrokenBundle(definition: JsonObject): JsonObject {
  return edited(definition, ["spec", "conversion", "webhook", "clientConfig"], (config) => {
    if (!isObject(config) || typeof config["caBundle"] !== "string") return config;
    if (Buffer.from(config["caBundle"], "base64").includes("-----BEGIN CERTIFICATE-----")) return config;
    const { caBundle: _broken, ...rest } = config;
    return rest;
  });
}

/** The aggregation controller writes the rules of such a role; ours would be at war with it. */
function withoutAggregatedRules(role: Manifest): JsonObject {
  if (!isObject(role["aggregationRule"])) return role;
  const { rules: _rules, ...rest }: JsonObject = role;
  return rest;
}
