import { isObject } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { crdFiles } from "../scripts/generate-crds.ts";
import { crd } from "./crd.ts";
import { describedCrd } from "./described-crd.ts";
import { DESCRIPTIONS } from "./descriptions/by-kind.ts";
import type { Description, FieldDescriptions } from "./descriptions/descriptions.ts";
import { SHARED_DESCRIPTIONS } from "./descriptions/shared.ts";
import { KINDS } from "./kinds.ts";
import { SHARED_SCHEMAS } from "./shared-schemas.ts";
import { definedTexts } from "./testing/index.ts";

/** What `kubectl apply` without the server's side may put into an annotation is 256 KiB. */
const MAX_BYTES = 128 * 1024;
/** What still is one or two sentences. */
const MAX_TEXT = 260;
const TEXT = /^[A-Za-z<*/].*\.$/;

/** Paths of all texts, as they are written. */
function* pathsOf(path: string, description: Description): Generator<string> {
  yield path;
  if (typeof description !== "string") yield* pathsIn(path, description[1]);
}

function* pathsIn(path: string, fields: FieldDescriptions): Generator<string> {
  for (const [name, field] of Object.entries(fields)) yield* pathsOf(`${path}.${name}`, field);
}

function withoutTexts(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutTexts);
  if (!isObject(node)) return node;
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (key === "description" && typeof value === "string" ? [] : [[key, withoutTexts(value)]])),
  );
}

describe("a described CustomResourceDefinition", () => {
  it.each(KINDS)("of $kind has a text for every field, each of one or two sentences", (kind) => {
    const texts = Object.entries(definedTexts(kind));
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.filter(([, text]) => text === undefined || !TEXT.test(text) || text.length > MAX_TEXT)).toEqual([]);
  });

  it.each(KINDS)("of $kind says nothing of a field that does not exist", (kind) => {
    const { spec, status } = DESCRIPTIONS[kind.kind] ?? {};
    const written = [...(spec === undefined ? [] : pathsOf("spec", spec)), ...(status === undefined ? [] : pathsOf("status", status))];
    const known = definedTexts(kind);
    expect(written.filter((path) => !Object.hasOwn(known, path))).toEqual([]);
  });

  it.each(KINDS)("of $kind is but for the texts the same as without", (kind) => {
    expect(withoutTexts(describedCrd(kind))).toEqual(withoutTexts(crd(kind)));
  });

  it.each([...crdFiles()])("%s has room in the annotation of kubectl apply", (_, text) => {
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_BYTES);
  });
});

describe("the texts", () => {
  it("are of the kinds that there are", () => {
    expect(Object.keys(DESCRIPTIONS).sort()).toEqual(KINDS.map(({ kind }) => kind).sort());
  });

  it("of shared shapes are of the fields that they have", () => {
    const fields = Object.entries(SHARED_SCHEMAS).flatMap(([name, schema]) => ("properties" in schema ? [[name, Object.keys(schema.properties)]] : []));
    const described = Object.entries(SHARED_DESCRIPTIONS).map(([name, texts]) => [name, Object.keys(texts)]);
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(fields));
  });
});
