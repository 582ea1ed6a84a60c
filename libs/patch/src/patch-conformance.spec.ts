import { existsSync, readFileSync } from "node:fs";
import { builtinFacts, inGoForm, type Schema } from "@plumb/openapi";
import { isObject, parseJson, type JsonObject, type JsonValue } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { applyJsonPatch, applyMergePatch, applyStrategicMerge, PatchError } from "./index.ts";

/** Replays the patches that a real API server was sent (`conformance/apiserver/patch.json`) on the objects of its answers. */
interface Step {
  readonly request?: { readonly method: string; readonly path: string; readonly contentType?: string; readonly body?: JsonValue; readonly bodyText?: string };
  readonly response?: { readonly status: number; readonly body?: JsonObject; readonly message?: string };
}
interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

const FILE = new URL("../../../../shared/conformance/apiserver/patch.json", import.meta.url);

/** Set by the server after the patch: defaults of what the patch took away, and what it may not change. */
const SERVER_SET: Readonly<Record<string, readonly string[]>> = {
  "Strategic merge removes a member with null": ["/spec/replicas"],
  "Merge patch replaces lists as a whole": ["/spec/template/spec/containers"],
  "Strategic merge of Service ports is keyed by the port alone": ["/spec/ports/0/protocol", "/spec/ports/0/targetPort"],
  "Patch of the main resource leaves status alone": ["/status/replicas"],
};

type Patch = (document: JsonObject, patch: JsonValue, schema: Schema) => JsonValue;
const BY_TYPE: Readonly<Record<string, Patch>> = {
  "application/json-patch+json": (document, patch) => applyJsonPatch(document, patch),
  "application/merge-patch+json": (document, patch) => applyMergePatch(document, objectOf(patch)),
  "application/strategic-merge-patch+json": (document, patch, schema) => applyStrategicMerge(document, objectOf(patch), schema),
};

function objectOf(value: JsonValue): JsonObject {
  if (isObject(value)) return value;
  throw new PatchError("bad-request", "no object");
}

function replay({ name, steps }: Case): number {
  let stored: JsonObject | undefined;
  let checked = 0;
  for (const { request, response } of steps) {
    if (request === undefined || response === undefined) continue;
    const subresource = request.path.split("/").length > (request.path.startsWith("/api/") ? 7 : 8);
    const patch = BY_TYPE[request.contentType ?? ""];
    const schema = stored === undefined ? undefined : builtinFacts().schema(String(stored["apiVersion"]), String(stored["kind"]));
    if (request.method === "PATCH" && patch !== undefined && stored !== undefined && schema !== undefined && !subresource) {
      checked += compare(name, patch, stored, schema, request, response);
    }
    if (response.status < 300 && response.body !== undefined && (!subresource || stored?.["kind"] === response.body["kind"])) stored = response.body;
  }
  return checked;
}

function compare(
  name: string,
  patch: Patch,
  stored: JsonObject,
  schema: Schema,
  request: NonNullable<Step["request"]>,
  response: NonNullable<Step["response"]>,
): number {
  if (![200, 422, 500].includes(response.status)) return 0;
  const body = request.body ?? (request.bodyText === undefined ? undefined : parseJson(request.bodyText));
  if (body === undefined) return 0;
  if (response.status === 200) {
    const allowed = SERVER_SET[name] ?? [];
    const patched = inGoForm(objectOf(patch(stored, body, schema)), schema);
    expect(differences(patched, response.body ?? {}, "").filter((path) => !allowed.some((prefix) => path.startsWith(prefix)))).toEqual([]);
    return 1;
  }
  if (response.message === "the server rejected our request due to an error in our request" || response.status === 500) {
    const refusal = refused(() => patch(stored, body, schema));
    expect(refusal?.answer).toBe(response.status === 500 ? "internal" : "unprocessable");
    if (response.status === 500) expect(refusal?.message).toBe(response.message);
    return 1;
  }
  return 0;
}

function refused(work: () => unknown): PatchError | undefined {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof PatchError) return thrown;
    throw thrown;
  }
  return undefined;
}

/** Pointers at which two values differ; what the server writes in metadata, and times, aside. */
function differences(a: JsonValue | undefined, b: JsonValue | undefined, path: string): readonly string[] {
  if (/^\/metadata\/(managedFields|resourceVersion|generation|creationTimestamp)/.test(path)) return [];
  if (isObject(a) && isObject(b)) return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => differences(a[key], b[key], `${path}/${key}`));
  if (Array.isArray(a) && Array.isArray(b))
    return Array.from({ length: Math.max(a.length, b.length) }).flatMap((_, at) => differences(a[at], b[at], `${path}/${at}`));
  return a === b ? [] : [path];
}

if (!existsSync(FILE)) console.log("NOT RUN: the conformance data is not beside this checkout");

describe.skipIf(!existsSync(FILE))("patches as kube-apiserver applies them", () => {
  const topic: { cases: readonly Case[] } = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : { cases: [] };
  it.each(topic.cases)("$name", (one) => {
    replay(one);
  });
  it("checks most of the recorded patches", () => {
    expect(topic.cases.reduce((checked, one) => checked + replay(one), 0)).toBeGreaterThan(44);
  });
});
