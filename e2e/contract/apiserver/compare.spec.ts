import { describe, expect, it } from "vitest";

import type { RequestStep } from "./case.ts";
import type { Answer } from "./client.ts";
import { compareAnswer, compareJson } from "./compare.ts";
import { numberText, parseExactly, type Json } from "./json.ts";
import { Bindings } from "./placeholders.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const fresh = (): Bindings => Bindings.of("abcdefgh", () => NOW);
const UID = "01234567-89ab-cdef-0123-456789abcdef";

const asks = (response: Partial<RequestStep["response"]>, step: Partial<RequestStep> = {}): RequestStep => ({
  request: { method: "GET", path: "/" },
  response: { status: 200, ...response },
  ...step,
});
const answers = (body: unknown, answer: Partial<Answer> = {}): Answer => ({
  status: 200,
  contentType: "application/json",
  warnings: [],
  text: JSON.stringify(body),
  ...answer,
});
const failures = (step: RequestStep, answer: Answer): readonly string[] =>
  compareAnswer(step, answer, fresh())
    .filter(({ isWording }) => !isWording)
    .map(({ at }) => at);

describe("an answer", () => {
  const differing: Record<string, [RequestStep, Answer, readonly string[]]> = {
    "of another status": [asks({ status: 201 }, { compare: "status" }), answers({}), ["status"]],
    "of another content type": [
      asks({ contentType: "application/json" }, { compare: "type" }),
      answers({}, { contentType: "application/yaml" }),
      ["contentType"],
    ],
    "with one warning too many": [asks({ body: {} }), answers({}, { warnings: ['299 - "x"'] }), ["warnings"]],
    "that lacks a field": [asks({ body: { a: { b: null } } }), answers({ a: {} }), ["body/a/b"]],
    "with a field too many": [asks({ body: {} }), answers({ "a/b": null }), ["body/a~1b"]],
    "whose list is longer": [asks({ body: [1] }), answers([1, 2]), ["body/1"]],
    "whose list is in another order": [asks({ body: [1, 2] }), answers([2, 1]), ["body/0", "body/1"]],
    "that is no JSON": [asks({ body: {} }), answers({}, { text: "<html>" }), ["body"]],
    "whose selected part is missing": [asks({ selected: { x: 1 } }, { select: { x: "a/x" } }), answers({}), ["selected/x"]],
    "that is another text": [asks({ text: "ok" }), answers({}, { text: "ok\n" }), ["text"]],
    "with a number as text": [asks({ body: 1 }), answers("1"), ["body"]],
    "whose integer differs beyond what a double holds": [asks({ body: parseExactly("9007199254740993") }), answers({}, { text: "9007199254740992" }), ["body"]],
  };
  it.each(Object.entries(differing))("%s differs", (_, [step, answer, at]) => {
    expect(failures(step, answer)).toEqual(at);
  });

  it("is not judged by its wording", () => {
    const status = (message: string, cause: string): Json => ({
      apiVersion: "v1",
      kind: "Status",
      message,
      details: { causes: [{ field: "a", reason: "R", message: cause }] },
    });
    const expected = { apiVersion: "v1", kind: "Status", details: { causes: [{ field: "a", reason: "R" }] } };
    const found = compareAnswer(asks({ body: expected, message: "no", causeMessages: ["x"] }), answers(status("nein", "y")), fresh());
    expect(found.map(({ at, isWording }) => [at, isWording])).toEqual([
      ["message", true],
      ["causeMessages/0", true],
    ]);
  });

  it("is judged by the manager that a conflict names, whatever the order of the causes", () => {
    const conflict = (manager: string): Json => ({ field: ".data", reason: "FieldManagerConflict", message: `conflict with "${manager}"` });
    const status = (...managers: readonly string[]): Json => ({ apiVersion: "v1", kind: "Status", details: { causes: managers.map(conflict) } });
    expect(failures(asks({ body: status("one", "two") }), answers(status("two", "one")))).toEqual([]);
    expect(failures(asks({ body: status("one") }), answers(status("two")))).toEqual(["body/details/causes/0/message"]);
  });

  it("may word a condition otherwise, but must have a message", () => {
    const condition = (message: Json | undefined): Json => ({ lastTransitionTime: "${time}", ...(message === undefined ? {} : { message }) });
    const step = asks({ body: condition("there") });
    const at = "2026-01-02T03:04:05Z";
    expect(failures(step, answers({ lastTransitionTime: at, message: "da" }))).toEqual([]);
    expect(failures(step, answers({ lastTransitionTime: at }))).toEqual(["body/message"]);
  });

  it("refused is compared whole where a success's parts would have been selected", () => {
    expect(failures(asks({ status: 406, body: { kind: "X" } }, { select: { kind: "kind" } }), answers({ kind: "X" }, { status: 406 }))).toEqual([]);
  });
});

describe("a placeholder", () => {
  const matching: Record<string, [template: Json, actual: Json, isMatch: boolean]> = {
    "is the same each time": [["${uid:1}", "${uid:1}"], [UID, UID], true],
    "never stands for two values": [["${uid:1}", "${uid:1}"], [UID, UID.replace("0", "1")], false],
    "shares its value with no other of its kind": [["${rv:1}", "${rv:2}"], ["7", "7"], false],
    "may share its value with another kind": [["${rv:1}", "${list-rv:1}"], ["7", "7"], true],
    "of a list's version may repeat a value": [["${list-rv:1}", "${list-rv:2}"], ["7", "7"], true],
    "stands inside a text": [["gen-${name:1}", "/x/gen-${name:1}"], ["gen-bcd45", "/x/gen-bcd45"], true],
    "stands twice in a text": ["${rv:1}.${rv:1}", "12.12", true],
    "stands inside a key": [{ 'k:{"uid":"${uid:1}"}': {} }, { [`k:{"uid":"${UID}"}`]: {} }, true],
    "inside a key must be there": [{ 'k:{"uid":"${uid:1}"}': {} }, { "k:{}": {} }, false],
    "of a time is a time of the run": ["${time}", "2026-01-02T03:00:00Z", true],
    "of a time is none of long ago": ["${time}", "1970-01-01T00:00:00Z", false],
    "of a port is a number": ["${port:1}", 31234, true],
    "of an address lies in the Service range": ["${ip:1}", "10.97.0.1", false],
    "of the case is known from the start": ["${ns}/${id}", "ns-abcdefgh/abcdefgh", true],
    "takes the text around it as it is": ["a.${id}+", "axabcdefgh+", false],
  };
  it.each(Object.entries(matching))("%s", (_, [template, actual, isMatch]) => {
    expect(compareJson(template, actual, "", fresh()).length === 0).toBe(isMatch);
  });

  it("that did not match binds nothing", () => {
    const bindings = fresh();
    expect(bindings.match("${rv:1}-${uid:1}", "7-no")).toBe(false);
    expect(() => bindings.fill("${rv:1}")).toThrow("${rv:1} is not bound yet");
  });

  it("is put into what is sent: texts, keys and numbers", () => {
    const bindings = fresh();
    bindings.match("${port:1}", "30001");
    bindings.match("${rv:1}", "7");
    expect(bindings.fillJson({ "${id}": ["${port:1}", "v${rv:1}", 1.5, null] })).toEqual({ abcdefgh: [30001, "v7", 1.5, null] });
  });
});

it("sends a number as it was recorded, and reads its value", () => {
  const text = "[1.0,1e3,9007199254740993,1.5]";
  const parsed = parseExactly(text);
  expect(JSON.stringify(parsed)).toBe(text);
  expect(Array.isArray(parsed) ? parsed.map(numberText) : []).toEqual(["1", "1000", "9007199254740993", "1.5"]);
});
