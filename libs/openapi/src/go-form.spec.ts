import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { builtinFacts, inGoForm } from "./index.ts";

/** Answers of a real API server are written by Go: its own form of them is what they are. */
const FOLDER = new URL("../../../../shared/conformance/apiserver/", import.meta.url);

function answers(): readonly JsonObject[] {
  const found = new Map<string, JsonObject>();
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
    const topic: { cases: readonly { steps: readonly { response?: { body?: JsonValue } }[] }[] } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    for (const { steps } of topic.cases)
      for (const { response } of steps) if (isObject(response?.body)) found.set(JSON.stringify(response.body), response.body);
  }
  return [...found.values()];
}

if (!existsSync(FOLDER)) console.log("NOT RUN: the conformance data is not beside this checkout");

describe.skipIf(!existsSync(FOLDER))("Go's form of what a real API server has answered", () => {
  it("is what it has answered", () => {
    let count = 0;
    for (const body of answers()) {
      const schema = builtinFacts().schema(String(body["apiVersion"]), String(body["kind"]));
      if (schema === undefined || body["kind"] === "Status") continue;
      count++;
      expect(inGoForm(body, schema)).toEqual(body);
    }
    expect(count).toBeGreaterThan(200);
  });
});
