import type { JsonObject } from "@plumb/std";
import { numberAt, textAt } from "../draft.ts";

/** Source of the texts: the documentation of meta/v1 ObjectMeta. */
const NAME_TEXT =
  "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE_TEXT =
  "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

export function column(name: string, type: string, description: string, priority = 0, format = ""): JsonObject {
  return { name, type, format, description, priority };
}

export const NAME_COLUMN: JsonObject = column("Name", "string", NAME_TEXT, 0, "name");
export const AGE_COLUMN: JsonObject = column("Age", "string", AGE_TEXT);
/** What a kind without columns of its own shows beside its name. */
export const CREATED_AT_COLUMN: JsonObject = column("Created At", "date", AGE_TEXT);
/** The age of custom resources is a date, which kubectl makes an age of. */
export const CUSTOM_AGE_COLUMN: JsonObject = column("Age", "date", AGE_TEXT);

export function ageOf(object: JsonObject, nowMs: number): string {
  return age(textAt(object, "metadata", "creationTimestamp"), nowMs);
}

export function age(time: string | undefined, nowMs: number): string {
  if (time === undefined) return "<unknown>";
  return humanDuration(nowMs - Date.parse(time));
}

/** `5s`, `3m12s`, `2d3h`. Source: apimachinery `duration.HumanDuration`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

export type Cell = string | number | boolean | null;

/** A column of a built-in kind and how it reads its cell. */
export interface ColumnReader {
  readonly definition: JsonObject;
  readonly cell: (object: JsonObject, nowMs: number) => Cell;
}

export interface ColumnHints {
  readonly type?: "string" | "integer" | "boolean";
  readonly description?: string;
  /** True for a column that only `-o wide` shows. */
  readonly isWide?: boolean;
}

export function reader(name: string, cell: ColumnReader["cell"], { type = "string", description = "", isWide = false }: ColumnHints = {}): ColumnReader {
  return { definition: column(name, type, description, isWide ? 1 : 0), cell };
}

export const NAME_READER: ColumnReader = { definition: NAME_COLUMN, cell: (object) => textAt(object, "metadata", "name") ?? "" };
export const AGE_READER: ColumnReader = { definition: AGE_COLUMN, cell: ageOf };

/** The text at a path, or what stands for none. */
export function textReader(name: string, path: string, whenAbsent = "", hints: ColumnHints = {}): ColumnReader {
  const keys = path.split(".");
  return reader(name, (object) => textAt(object, ...keys) ?? whenAbsent, hints);
}

export function countReader(name: string, path: string, hints: ColumnHints = {}): ColumnReader {
  const keys = path.split(".");
  return reader(name, (object) => numberAt(object, ...keys) ?? 0, { type: "integer", ...hints });
}
