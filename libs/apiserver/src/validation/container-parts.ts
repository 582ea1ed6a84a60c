import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, textAt, valueAt } from "../draft.ts";
import { forbidden, invalid, required, type FieldFault } from "../refusal.ts";
import { portNameProblems, portProblems } from "./ports.ts";

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];
const COUNTS = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];

/** Source: `validateProbe` and `validateHandler` in pkg/apis/core/validation. */
export function probeFaults(probe: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (probe === undefined) return [];
  const [first, ...others] = HANDLERS.filter((key) => objectAt(probe, key) !== undefined);
  return [
    ...(first === undefined ? [required(field, "must specify a handler type")] : []),
    ...others.map((key) => forbidden(`${field}.${key}`, "may not specify more than 1 handler type")),
    ...["httpGet", "tcpSocket"].flatMap((key) => handlerPortFaults(objectAt(probe, key), `${field}.${key}`)),
    ...COUNTS.flatMap((key) => {
      const count = numberAt(probe, key) ?? 0;
      return count < 0 ? [invalid(`${field}.${key}`, count, "must be greater than or equal to 0")] : [];
    }),
  ];
}

function handlerPortFaults(handler: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (handler === undefined) return [];
  const port = valueAt(handler, "port");
  const problems = typeof port === "number" ? portProblems(port) : portNameProblems(String(port ?? ""));
  return problems.map((says) => invalid(`${field}.port`, port ?? null, says));
}

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const FIELD_PATHS: ReadonlySet<string> = new Set([
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

/** What `valueFrom` of an environment variable may say. */
export function sourceOfEnvFaults(source: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (source === undefined) return [];
  const given = SOURCES.filter((key) => objectAt(source, key) !== undefined);
  if (given.length === 0) return [invalid(field, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")];
  if (given.length > 1) return [invalid(field, "", "may not have more than one field specified at a time")];
  return [
    ...fieldPathFaults(textAt(source, "fieldRef", "fieldPath"), given.includes("fieldRef"), `${field}.fieldRef.fieldPath`),
    ...["configMapKeyRef", "secretKeyRef"].flatMap((key) => keyFaults(objectAt(source, key), `${field}.${key}`)),
  ];
}

function fieldPathFaults(path: string | undefined, isAsked: boolean, field: string): readonly FieldFault[] {
  if (!isAsked) return [];
  if (path === undefined || path === "") return [required(field)];
  const isMember = /^metadata\.(?:labels|annotations)\['.+'\]$/.test(path);
  return isMember || FIELD_PATHS.has(path) ? [] : [invalid(field, path, `error converting fieldPath: field label not supported: ${path}`)];
}

function keyFaults(reference: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (reference === undefined) return [];
  return (textAt(reference, "key") ?? "") === "" ? [required(`${field}.key`)] : [];
}

/** Source: `ValidateSecurityContext`. */
export function containerSecurityFaults(security: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (security === undefined) return [];
  const user = numberAt(security, "runAsUser");
  const isPrivileged = valueAt(security, "privileged") === true;
  const mayNotRise = valueAt(security, "allowPrivilegeEscalation") === false;
  return [
    ...userFaults(user, `${field}.runAsUser`),
    ...(isPrivileged && mayNotRise ? [invalid(field, security, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")] : []),
  ];
}

export function userFaults(user: number | undefined, field: string): readonly FieldFault[] {
  return user !== undefined && (user < 0 || user > 2 ** 31 - 1) ? [invalid(field, user, "must be between 0 and 2147483647, inclusive")] : [];
}
