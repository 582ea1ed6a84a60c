import type { CaseResponse, RequestStep } from "./case.ts";
import type { Answer } from "./client.ts";
import { isObject, numberText, parseExactly, type Json, type JsonObject } from "./json.ts";
import type { Bindings } from "./placeholders.ts";
import { select } from "./select.ts";

/** One place where an answer is not what was recorded. `undefined` on a side: nothing is there. */
export interface Difference {
  /** A JSON pointer into the answer, behind the part of it: `status`, `body/metadata/name`. */
  readonly at: string;
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
  /** Only the wording differs: reported, never a failure. */
  readonly isWording: boolean;
}

/** Compares one answer with the step's recorded response, and binds the placeholders that it meets first. */
export function compareAnswer({ response, compare, select: selection }: RequestStep, answer: Answer, bindings: Bindings): readonly Difference[] {
  const found = differ("status", response.status, answer.status);
  if (compare === "status" || found.length > 0) return found;
  if (response.contentType !== undefined) found.push(...differ("contentType", response.contentType, answer.contentType));
  if (compare === "type") return found;
  found.push(...compareWarnings(response.warnings ?? [], answer.warnings, bindings));
  if (response.text !== undefined) return [...found, ...compareText("text", response.text, answer.text, answer.status >= 400, bindings)];
  if (response.body === undefined && response.selected === undefined) return found;
  const body = parsed(answer.text);
  if (body === undefined) return [...found, { at: "body", expected: "JSON", actual: answer.text, isWording: false }];
  // A refusal is recorded whole, also where an answer's parts would have been selected.
  if (selection !== undefined && response.selected !== undefined) return [...found, ...compareSelected(selection, response.selected, body, bindings)];
  return [...found, ...compareBody(response, body, bindings)];
}

/** Compares one event of a watch. A Status inside it is read as a Status anywhere. */
export function compareEvent(expected: { readonly type: string; readonly object: Json }, actual: Json, at: string, bindings: Bindings): readonly Difference[] {
  if (!isObject(actual)) return differ(at, expected.type, actual);
  const object = isStatus(actual["object"]) ? withoutWording(actual["object"]).data : actual["object"];
  return compareJson({ ...expected }, object === undefined ? { ...actual } : { ...actual, object }, at, bindings);
}

/** Compares two values and binds placeholders in the order of sorted keys and of elements. */
export function compareJson(expected: Json, actual: Json | undefined, at: string, bindings: Bindings): readonly Difference[] {
  if (typeof expected === "string") {
    const text = typeof actual === "number" && /^\$\{port:\d+\}$/.test(expected) ? String(actual) : actual;
    return typeof text === "string" && bindings.match(expected, text) ? [] : [{ at, expected, actual, isWording: false }];
  }
  if (isArray(expected)) return compareArrays(expected, actual, at, bindings);
  if (isObject(expected)) return compareObjects(expected, actual, at, bindings);
  const isEqual = expected === actual || (numberText(expected) !== undefined && numberText(expected) === numberText(actual));
  return isEqual ? [] : [{ at, expected, actual, isWording: false }];
}

function compareArrays(expected: readonly Json[], actual: Json | undefined, at: string, bindings: Bindings): readonly Difference[] {
  if (!isArray(actual)) return [{ at, expected, actual, isWording: false }];
  return Array.from({ length: Math.max(expected.length, actual.length) }, (_, index) => {
    const [wanted, got] = [expected[index], actual[index]];
    if (wanted === undefined) return [{ at: `${at}/${index}`, expected: undefined, actual: got, isWording: false }];
    return compareJson(wanted, got, `${at}/${index}`, bindings);
  }).flat();
}

function compareObjects(expected: JsonObject, actual: Json | undefined, at: string, bindings: Bindings): readonly Difference[] {
  if (!isObject(actual)) return [{ at, expected, actual, isWording: false }];
  const left = new Set(Object.keys(actual).sort());
  const found: Difference[] = [];
  for (const key of Object.keys(expected).sort()) {
    const wanted = expected[key];
    const match = key.includes("${") ? [...left].find((candidate) => bindings.match(key, candidate)) : left.has(key) ? key : undefined;
    if (wanted === undefined) continue;
    if (match === undefined) {
      found.push({ at: pointer(at, key), expected: wanted, actual: undefined, isWording: false });
      continue;
    }
    left.delete(match);
    const isWording = key === "message" && Object.hasOwn(expected, "lastTransitionTime") && typeof actual[match] === "string";
    found.push(
      ...compareJson(wanted, actual[match], pointer(at, key), bindings).map((difference) => ({ ...difference, isWording: isWording || difference.isWording })),
    );
  }
  return [...found, ...[...left].map((key) => ({ at: pointer(at, key), expected: undefined, actual: actual[key], isWording: false }))];
}

function compareSelected(
  selection: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, Json>>,
  body: Json,
  bindings: Bindings,
): readonly Difference[] {
  const names = Object.keys(selection).sort();
  const selected = Object.fromEntries(names.map((name) => [name, select(body, bindings.fill(selection[name] ?? ""))]));
  return compareJson(expected, selected, "selected", bindings);
}

function compareBody(response: CaseResponse, body: Json, bindings: Bindings): readonly Difference[] {
  if (!isStatus(body)) return compareJson(response.body ?? null, body, "body", bindings);
  const { data, message, causeMessages } = withoutWording(body);
  const expected = isStatus(response.body) ? withoutWording(response.body).data : (response.body ?? null);
  const found = [...compareJson(expected, data, "body", bindings)];
  if (response.message !== undefined) found.push(...compareText("message", response.message, message ?? "", true, bindings));
  if (response.causeMessages !== undefined) {
    const words = compareJson([...response.causeMessages].sort(), [...causeMessages].sort(), "causeMessages", bindings.copy());
    found.push(...words.map((difference) => ({ ...difference, isWording: true })));
  }
  return found;
}

/** Wording is matched against a copy: it binds nothing. */
function compareText(at: string, expected: string, actual: string, isWording: boolean, bindings: Bindings): readonly Difference[] {
  return (isWording ? bindings.copy() : bindings).match(expected, actual) ? [] : [{ at, expected, actual, isWording }];
}

function compareWarnings(expected: readonly string[], actual: readonly string[], bindings: Bindings): readonly Difference[] {
  if (expected.length !== actual.length) return [{ at: "warnings", expected, actual, isWording: false }];
  return expected.flatMap((text, index) => compareText(`warnings/${index}`, text, actual[index] ?? "", true, bindings));
}

function isStatus(value: Json | undefined): value is JsonObject {
  return isObject(value) && value["kind"] === "Status" && value["apiVersion"] === "v1";
}

/** Takes the wording out of a Status and sorts its causes. A conflict's message stays: it names the manager. */
export function withoutWording({ message, ...status }: JsonObject): { data: JsonObject; message: string | undefined; causeMessages: readonly string[] } {
  const text = typeof message === "string" ? message : undefined;
  const details = status["details"];
  const causes = isObject(details) ? details["causes"] : undefined;
  if (!isObject(details) || !isArray(causes)) return { data: status, message: text, causeMessages: [] };
  const causeMessages = causes.filter(isObject).flatMap(({ message: cause }) => (typeof cause === "string" ? [cause] : []));
  const bare = causes
    .filter(isObject)
    .map(({ message: cause, ...rest }) => (rest["reason"] === "FieldManagerConflict" && cause !== undefined ? { ...rest, message: cause } : rest));
  // Causes of one field and reason come in no certain order: the server walks a map.
  const sorted = bare.sort((a, b) => compareField(a, b, "field") || compareField(a, b, "reason") || compareField(a, b, "message"));
  return { data: { ...status, details: { ...details, causes: sorted } }, message: text, causeMessages };
}

function compareField(a: JsonObject, b: JsonObject, key: string): number {
  const [left, right] = [String(a[key] ?? ""), String(b[key] ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

function differ(at: string, expected: Json, actual: Json): Difference[] {
  return expected === actual ? [] : [{ at, expected, actual, isWording: false }];
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function parsed(text: string): Json | undefined {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

function pointer(at: string, key: string): string {
  return `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
