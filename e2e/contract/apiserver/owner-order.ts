import type { RequestStep } from "./case.ts";
import type { Answer } from "./client.ts";
import { isObject, parseExactly, type Json, type JsonObject } from "./json.ts";

/** A step and its answer with the owners of fields in one order, whatever the second of their writes. */
export function withoutOwnerOrder(step: RequestStep, answer: Answer): readonly [RequestStep, Answer] {
  const { body } = step.response;
  if (!isObject(body)) return [step, answer];
  return [
    { ...step, response: { ...step.response, body: sorted(body) } },
    { ...answer, text: sortedText(answer.text) },
  ];
}

/**
 * True of an answer whose owners wrote in different seconds and stand as the API server orders them: by operation, second,
 * manager, subresource. What was recorded within one second may then stand otherwise, and is right all the same.
 */
export function isOrderOfSeconds({ text }: Answer): boolean {
  const owners = ownersOf(parsed(text));
  const times = new Set(owners.map(({ time }) => time));
  return times.size > 1 && owners.every((owner, index) => index === 0 || rank(owners[index - 1] ?? {}) <= rank(owner));
}

function rank({ operation, time, manager, subresource }: JsonObject): string {
  return [operation, time, manager, subresource ?? ""].join("\0");
}

function ownersOf(value: Json | undefined): readonly JsonObject[] {
  const owners = isObject(value) && isObject(value["metadata"]) ? value["metadata"]["managedFields"] : undefined;
  return Array.isArray(owners) ? owners.filter(isObject) : [];
}

/** Undefined for a text that is no JSON. */
function parsed(text: string): Json | undefined {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

function sortedText(text: string): string {
  const value = parsed(text);
  return value === undefined ? text : JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  const owners = ownersOf(value);
  if (owners.length === 0 || !isObject(value) || !isObject(value["metadata"])) return value;
  return { ...value, metadata: { ...value["metadata"], managedFields: owners.toSorted((a, b) => (identity(a) < identity(b) ? -1 : 1)) } };
}

function identity({ manager, operation, subresource }: JsonObject): string {
  return JSON.stringify([operation, manager, subresource]);
}
