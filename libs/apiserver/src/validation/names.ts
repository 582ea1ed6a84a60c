import { invalid, tooLong, type FieldFault } from "../refusal.ts";

/** What a name must look like. Source: k8s.io/apimachinery `validation` and the name functions of pkg/apis. */
export type NameRule = "subdomain" | "label" | "serviceLabel" | "segment";

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const SERVICE_LABEL = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

const SUBDOMAIN_SAYS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_SAYS =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE_SAYS =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** What is wrong with `name`, one sentence each; none for a good one. */
export function nameProblems(name: string, rule: NameRule): readonly string[] {
  switch (rule) {
    case "subdomain":
      return problems(name, 253, SUBDOMAIN, SUBDOMAIN_SAYS);
    case "label":
      return problems(name, 63, LABEL, LABEL_SAYS);
    case "serviceLabel":
      return problems(name, 63, SERVICE_LABEL, SERVICE_SAYS);
    case "segment":
      return segmentProblems(name);
    default:
      return rule satisfies never;
  }
}

function problems(name: string, limit: number, pattern: RegExp, says: string): readonly string[] {
  return [...(name.length > limit ? [`must be no more than ${limit} characters`] : []), ...(pattern.test(name) ? [] : [says])];
}

function segmentProblems(name: string): readonly string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`);
}

const QUALIFIED_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const NAME_PART_SAYS =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_SAYS =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

export function qualifiedNameProblems(name: string): readonly string[] {
  const parts = name.split("/");
  if (parts.length > 2) return ["a valid label key must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix and '/'"];
  const [first = "", second] = parts;
  const local = second ?? first;
  const prefix =
    second === undefined ? [] : first === "" ? ["prefix part must be non-empty"] : nameProblems(first, "subdomain").map((one) => `prefix part ${one}`);
  const own =
    local === ""
      ? ["name part must be non-empty", NAME_PART_SAYS]
      : [...(local.length > 63 ? ["name part must be no more than 63 characters"] : []), ...(QUALIFIED_NAME.test(local) ? [] : [NAME_PART_SAYS])];
  return [...prefix, ...own];
}

export function labelValueProblems(value: string): readonly string[] {
  return [...(value.length > 63 ? ["must be no more than 63 characters"] : []), ...(LABEL_VALUE.test(value) ? [] : [VALUE_SAYS])];
}

export function validateLabels(labels: ReadonlyMap<string, string>, field: string): readonly FieldFault[] {
  return [...labels].flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((says) => invalid(field, key, says)),
    ...labelValueProblems(value).map((says) => invalid(field, value, says)),
  ]);
}

/** Annotations together may not be longer than this. */
const ANNOTATION_LIMIT_BYTES = 256 * 1024;

export function validateAnnotations(annotations: ReadonlyMap<string, string>, field: string): readonly FieldFault[] {
  const faults = [...annotations.keys()].flatMap((key) => qualifiedNameProblems(key.toLowerCase()).map((says) => invalid(field, key, says)));
  let sizeBytes = 0;
  for (const [key, value] of annotations) sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  return sizeBytes > ANNOTATION_LIMIT_BYTES ? [...faults, tooLong(field, ANNOTATION_LIMIT_BYTES)] : faults;
}
