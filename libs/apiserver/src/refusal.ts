import type { JsonObject } from "@plumb/std";

/** What a Status says of one field. Source of the reasons: meta/v1 `CauseType`. */
export interface FieldFault {
  /** A path such as `spec.containers[0].name`. */
  readonly field: string;
  readonly reason: FaultReason;
  /** What follows the path in the message, such as `Required value: name is required`. */
  readonly message: string;
}

export type FaultReason =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueNotFound"
  | "FieldValueDuplicate"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid";

export interface Named {
  /** Empty for the core group. */
  readonly group: string;
  /** The resource (`deployments`) or, where upstream says so, the kind. */
  readonly resource: string;
  readonly name: string;
}

/** A request that the server does not fulfil, as the Status it answers with. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: number;
  /** The body of kind Status. */
  readonly status: JsonObject;
  /** Seconds for the header Retry-After. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, details?: JsonObject, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

export const required = (field: string, detail = ""): FieldFault => fault("FieldValueRequired", field, "Required value", detail);

export const invalid = (field: string, value: unknown, detail: string): FieldFault =>
  fault("FieldValueInvalid", field, `Invalid value: ${shown(value)}`, detail);

export const forbidden = (field: string, detail: string): FieldFault => fault("FieldValueForbidden", field, "Forbidden", detail);

export const notFoundField = (field: string, value: unknown): FieldFault => fault("FieldValueNotFound", field, `Not found: ${shown(value)}`, "");

export const duplicate = (field: string, value: unknown): FieldFault => fault("FieldValueDuplicate", field, `Duplicate value: ${shown(value)}`, "");

export const tooLong = (field: string, limitBytes: number): FieldFault =>
  fault("FieldValueTooLong", field, "Too long", `may not be more than ${limitBytes} bytes`);

export const tooMany = (field: string, count: number, limit: number): FieldFault =>
  fault("FieldValueTooMany", field, `Too many: ${count}`, `must have at most ${limit} items`);

export const wrongType = (field: string, value: unknown, detail: string): FieldFault =>
  fault("FieldValueTypeInvalid", field, `Invalid value: ${shown(value)}`, detail);

export const unsupported = (field: string, value: unknown, supported: readonly string[]): FieldFault =>
  fault("FieldValueNotSupported", field, `Unsupported value: ${shown(value)}`, `supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`);

function fault(reason: FaultReason, field: string, head: string, detail: string): FieldFault {
  return { field, reason, message: detail === "" ? head : `${head}: ${detail}` };
}

function shown(value: unknown): string {
  return typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? "null");
}

/** 422; `kind` is the kind of the object, not the resource. */
export function invalidObject(group: string, kind: string, name: string, faults: readonly FieldFault[]): Refusal {
  const texts = [...new Set(faults.map(({ field, message }) => `${field}: ${message}`))];
  const said = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const causes = faults.map(({ field, reason, message }) => ({ reason, message, field }));
  const details: JsonObject = { ...named({ group, resource: kind, name }), ...(causes.length === 0 ? {} : { causes }) };
  return new Refusal(422, "Invalid", `${qualified(kind, group)} "${name}" is invalid: ${said ?? ""}`, details);
}

export function qualified(kind: string, group: string): string {
  return group === "" ? kind : `${kind}.${group}`;
}

function named({ group, resource, name }: Named): JsonObject {
  return { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), ...(resource === "" ? {} : { kind: resource }) };
}

export function notFound(of: Named): Refusal {
  return new Refusal(404, "NotFound", `${qualified(of.resource, of.group)} "${of.name}" not found`, named(of));
}

export function alreadyExists(of: Named): Refusal {
  return new Refusal(409, "AlreadyExists", `${qualified(of.resource, of.group)} "${of.name}" already exists`, named(of));
}

export function conflict(of: Named, why: string): Refusal {
  return new Refusal(409, "Conflict", `Operation cannot be fulfilled on ${qualified(of.resource, of.group)} "${of.name}": ${why}`, named(of));
}

export const STALE = "the object has been modified; please apply your changes to the latest version and try again";

export function forbiddenWrite(of: Named, why: string, causes: readonly JsonObject[] = []): Refusal {
  const details: JsonObject = { ...named(of), ...(causes.length === 0 ? {} : { causes }) };
  const subject = of.name === "" ? qualified(of.resource, of.group) : `${qualified(of.resource, of.group)} "${of.name}"`;
  return new Refusal(403, "Forbidden", `${subject} is forbidden: ${why}`, details);
}

export const badRequest = (message: string): Refusal => new Refusal(400, "BadRequest", message);

/** 500 without a reason: an error that upstream does not turn into a Status of its own. */
export const serverError = (message: string): Refusal => new Refusal(500, "", message);

export const internalError = (message: string): Refusal => new Refusal(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });

export const unauthorized = (): Refusal => new Refusal(401, "Unauthorized", "Unauthorized");

export const notAllowed = (): Refusal => new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const noSuchResource = (): Refusal => new Refusal(404, "NotFound", "the server could not find the requested resource", {});

export const expired = (message: string): Refusal => new Refusal(410, "Expired", message);

export const tooLargeBody = (message: string): Refusal => new Refusal(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);

export const notAcceptable = (message: string, details?: JsonObject): Refusal => new Refusal(406, "NotAcceptable", message, details);

export const unsupportedMedia = (message: string, details?: JsonObject): Refusal => new Refusal(415, "UnsupportedMediaType", message, details);

export const tooManyRequests = (retryAfterSeconds: number): Refusal =>
  new Refusal(
    429,
    "TooManyRequests",
    "the server has received too many requests and has asked us to try again later",
    { retryAfterSeconds },
    retryAfterSeconds,
  );

export function fromTheFuture(asked: bigint | number, current: number): Refusal {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return new Refusal(
    504,
    "Timeout",
    `Timeout: ${message}`,
    { causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }], retryAfterSeconds: 1 },
    1,
  );
}
