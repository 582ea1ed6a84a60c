import type { JsonObject } from "@plumb/std";
import { equalJson, listAt, objectAt, objectsAt, textAt } from "../draft.ts";
import { duplicate, forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";

/** What the versions say beside their schemas. What all of them say alike is reported as if it stood at the top. */
export function checkVersionParts(versions: readonly JsonObject[]): readonly FieldFault[] {
  return [
    ...perVersion(versions, "subresources", (version, at) => scaleFaults(objectAt(version, "subresources", "scale"), `${at}.subresources.scale`)),
    ...perVersion(versions, "additionalPrinterColumns", (version, at) =>
      objectsAt(version, "additionalPrinterColumns").flatMap((one, index) => columnFaults(one, `${at}.additionalPrinterColumns[${index}]`)),
    ),
    ...perVersion(versions, "selectableFields", (version, at) => selectableFaults(version, `${at}.selectableFields`)),
    ...versions.flatMap((version, index) => deprecationFaults(version, `spec.versions[${index}].deprecationWarning`)),
  ];
}

type Check = (version: JsonObject, at: string) => readonly FieldFault[];

function perVersion(versions: readonly JsonObject[], key: string, check: Check): readonly FieldFault[] {
  const [first] = versions;
  if (first === undefined) return [];
  if (versions.every((version) => equalJson(version[key], first[key]))) return check(first, "spec");
  return versions.flatMap((version, index) => check(version, `spec.versions[${index}]`));
}

/** Where each path of `/scale` may lead. */
const SCALE_PATHS = [
  { key: "specReplicasPath", isRequired: true, roots: [".spec."], says: "should be a json path under .spec" },
  { key: "statusReplicasPath", isRequired: true, roots: [".status."], says: "should be a json path under .status" },
  { key: "labelSelectorPath", isRequired: false, roots: [".spec.", ".status."], says: "should be a json path under either .spec or .status" },
];

function scaleFaults(scale: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (scale === undefined) return [];
  return SCALE_PATHS.flatMap(({ key, isRequired, roots, says }) => {
    const path = textAt(scale, key) ?? "";
    const at = `${field}.${key}`;
    if (path === "") return isRequired ? [required(at)] : [];
    if (!path.startsWith(".")) return [invalid(at, path, "must be a simple json path starting with .")];
    return roots.some((root) => path.startsWith(root)) ? [] : [invalid(at, path, says)];
  });
}

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function columnFaults(column: JsonObject, field: string): readonly FieldFault[] {
  const type = textAt(column, "type") ?? "";
  const format = textAt(column, "format") ?? "";
  const path = textAt(column, "jsonPath") ?? "";
  return [
    ...((textAt(column, "name") ?? "") === "" ? [required(`${field}.name`)] : []),
    ...(type === "" ? [required(`${field}.type`, `must be one of ${COLUMN_TYPES.join(",")}`)] : []),
    ...(type === "" || COLUMN_TYPES.includes(type) ? [] : [invalid(`${field}.type`, type, `must be one of ${COLUMN_TYPES.join(",")}`)]),
    ...(format === "" || COLUMN_FORMATS.includes(format) ? [] : [invalid(`${field}.format`, format, `must be one of ${COLUMN_FORMATS.join(",")}`)]),
    ...(path === "" ? [required(`${field}.JSONPath`)] : []),
    ...(path === "" || path.startsWith(".") ? [] : [invalid(`${field}.JSONPath`, path, "must be a simple json path starting with .")]),
  ];
}

function selectableFaults(version: JsonObject, field: string): readonly FieldFault[] {
  const seen = new Set<string>();
  const schema = schemaAt(version, "schema", "openAPIV3Schema");
  return objectsAt(version, "selectableFields").flatMap((one, index) => {
    const path = textAt(one, "jsonPath") ?? "";
    const at = `${field}[${index}].jsonPath`;
    const isRepeated = seen.has(path);
    seen.add(path);
    return [...pathFaults(path, schema, at), ...(isRepeated ? [duplicate(at, path)] : [])];
  });
}

function pathFaults(path: string, schema: JsonSchema | undefined, at: string): readonly FieldFault[] {
  if (path === "") return [required(at)];
  if (!path.startsWith(".")) return [invalid(at, path, `is an invalid path: expected [ or . but got: ${path}`)];
  let found = schema;
  for (const name of path.slice(1).split(".")) found = schemaAt(found, "properties", name);
  if (found === undefined) return [invalid(at, path, "is an invalid path: does not refer to a valid field")];
  const isPlain = ["string", "boolean", "integer"].includes(textAt(found, "type") ?? "");
  return isPlain
    ? []
    : [invalid(at, path, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.")];
}

function deprecationFaults(version: JsonObject, at: string): readonly FieldFault[] {
  const text = textAt(version, "deprecationWarning");
  if (text === undefined) return [];
  if (version["deprecated"] !== true) return [invalid(at, text, "can only be set for deprecated versions")];
  if (text === "") return [invalid(at, text, "cannot be empty, omit field to use default warning message")];
  return text.length > 256 ? [invalid(at, text, "must be <= 256 characters long")] : [];
}

/** What a definition says of conversion: settings of a web hook belong to the strategy Webhook. */
export function checkConversion(conversion: JsonObject | undefined): readonly FieldFault[] {
  const strategy = textAt(conversion, "strategy") ?? "None";
  const webhook = objectAt(conversion, "webhook");
  const client = objectAt(webhook, "clientConfig");
  const reviews = listAt(webhook, "conversionReviewVersions");
  const [clientAt, reviewsAt] = ["spec.conversion.webhookClientConfig", "spec.conversion.conversionReviewVersions"];
  if (strategy === "Webhook") {
    const isOne = client !== undefined && (client["url"] === undefined) !== (client["service"] === undefined);
    return [
      ...(client === undefined ? [required(clientAt, "required when strategy is set to Webhook")] : []),
      ...(client === undefined || isOne ? [] : [required(clientAt, "exactly one of url or service is required")]),
      ...(reviews.length === 0 ? [required(reviewsAt)] : []),
    ];
  }
  if (strategy !== "None") return [unsupported("spec.conversion.strategy", strategy, ["None", "Webhook"])];
  const says = "should not be set when strategy is not set to Webhook";
  return [...(client === undefined ? [] : [forbidden(clientAt, says)]), ...(reviews.length === 0 ? [] : [forbidden(reviewsAt, says)])];
}
