import type { JsonObject } from "@plumb/std";
import { equalJson, objectAt, textAt, textsAt, valueAt } from "../draft.ts";
import { forbidden, invalid, required, tooLong, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";
import { keyProblems } from "./config-map-rules.ts";

const LIMIT_BYTES = 1024 * 1024;
const REDACTED = "<secret contents redacted>";

/** Keys that must be there, by type; a type with `any` of several is checked below. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
};

function validate(secret: JsonObject): readonly FieldFault[] {
  const data = textsAt(secret, "data");
  const type = textAt(secret, "type") ?? "";
  const faults: FieldFault[] = [];
  let sizeBytes = 0;
  for (const [key, value] of data) {
    faults.push(...keyProblems(key).map((says) => invalid(`data[${key}]`, key, says)));
    sizeBytes += Buffer.byteLength(value, "base64");
  }
  if (sizeBytes > LIMIT_BYTES) faults.push(tooLong("data", LIMIT_BYTES));
  faults.push(...(REQUIRED_KEYS[type] ?? []).filter((key) => !data.has(key)).map((key) => required(`data[${key}]`)));
  if (type === "kubernetes.io/dockerconfigjson" || type === "kubernetes.io/dockercfg") faults.push(...dockerFaults(data, REQUIRED_KEYS[type]?.[0] ?? ""));
  if (type === "kubernetes.io/basic-auth" && !data.has("username") && !data.has("password"))
    faults.push(required("data[username]"), required("data[password]"));
  if (type === "kubernetes.io/service-account-token" && (textsAt(secret, "metadata", "annotations").get("kubernetes.io/service-account.name") ?? "") === "") {
    faults.push(required("metadata.annotations[kubernetes.io/service-account.name]"));
  }
  return faults;
}

function dockerFaults(data: ReadonlyMap<string, string>, key: string): readonly FieldFault[] {
  const encoded = data.get(key);
  if (encoded === undefined) return [];
  try {
    JSON.parse(Buffer.from(encoded, "base64").toString());
    return [];
  } catch {
    return [invalid(`data[${key}]`, REDACTED, "unexpected end of JSON input")];
  }
}

function validateUpdate(secret: JsonObject, old: JsonObject): readonly FieldFault[] {
  const type = textAt(secret, "type") ?? "";
  const typeFault = type === textAt(old, "type") ? [] : [invalid("type", type, "field is immutable")];
  if (valueAt(old, "immutable") !== true) return typeFault;
  const kept = valueAt(secret, "immutable") === true ? [] : [forbidden("immutable", "field is immutable when `immutable` is set")];
  const changed = equalJson(objectAt(secret, "data"), objectAt(old, "data")) ? [] : [forbidden("data", "field is immutable when `immutable` is set")];
  return [...typeFault, ...kept, ...changed];
}

/** A certificate that is none is stored all the same. Source: `GetWarningsForSecret`. */
function tlsWarnings(secret: JsonObject): readonly string[] {
  const certificate = textAt(secret, "data", "tls.crt");
  if (textAt(secret, "type") !== "kubernetes.io/tls" || certificate === undefined) return [];
  const text = Buffer.from(certificate, "base64").toString();
  return text.includes("-----BEGIN ") ? [] : ["tls: failed to find any PEM data in certificate input"];
}

export const SECRET_RULES: KindRules = {
  validate,
  validateUpdate,
  warnings: tlsWarnings,
  prepareUpdate(draft, old) {
    // Source: secret strategy PrepareForUpdate; an update without a type keeps the one that is there.
    if ((textAt(draft, "type") ?? "") === "") draft["type"] = textAt(old, "type") ?? "Opaque";
  },
};
