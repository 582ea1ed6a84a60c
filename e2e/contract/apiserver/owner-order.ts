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

function sortedText(text: string): string {
  try {
    return JSON.stringify(sorted(parseExactly(text)));
  } catch {
    return text;
  }
}

function sorted(value: Json): Json {
  if (!isObject(value) || !isObject(value["metadata"])) return value;
  const owners = value["metadata"]["managedFields"];
  if (!Array.isArray(owners)) return value;
  return { ...value, metadata: { ...value["metadata"], managedFields: owners.filter(isObject).sort((a, b) => (identity(a) < identity(b) ? -1 : 1)) } };
}

function identity({ manager, operation, subresource }: JsonObject): string {
  return JSON.stringify([operation, manager, subresource]);
}
