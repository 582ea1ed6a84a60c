import { processorMs } from "@plumb/std/testing";
import { expect, it } from "vitest";
import { parseNodes } from "./documents.ts";
import type { YamlNode } from "./node.ts";

function places(node: YamlNode): string {
  const own = `${node.value || node.kind}@${node.place?.line}:${node.place?.column}`;
  return node.content.length === 0 ? own : `${own}(${node.content.map(places).join(" ")})`;
}

it.each([
  ["keys and values", "a: 1\nb:\n- c\n", "mapping@1:1(a@1:1 1@1:4 b@2:1 sequence@3:1(c@3:3))"],
  ["a tag or anchor before its value", "a: !!str x\nb: &n\n  c: d\n", "mapping@1:1(a@1:1 x@1:4 b@2:1 mapping@2:4(c@3:3 d@3:6))"],
  ["nothing, where the colon stands", "a:\nb: ~\n", "mapping@1:1(a@1:1 scalar@1:2 b@2:1 ~@2:4)"],
  ["what comes behind characters of two units", '{"😀😀": é, b: c}', "mapping@1:1(😀😀@1:2 é@1:8 b@1:11 c@1:14)"],
])("Places are those that Go counts: %s", (_, text, expected) => {
  expect(parseNodes(text, { places: true }).map(places)).toEqual([expected]);
  expect(parseNodes(`x\n---\n${text}`, { places: true }).map(places)[1]).toBe(expected);
});

it("Nobody gets places who does not ask for them", () => {
  expect(parseNodes("a: b\n").map(places)).toEqual(["mapping@undefined:undefined(a@undefined:undefined b@undefined:undefined)"]);
});

it("A line of 90,000 values behind characters of two units is counted within seconds", () => {
  const before = processorMs();
  const text = `["😀${'", "😀'.repeat(90_000)}"]`;
  expect(parseNodes(text, { places: true })[0]?.content.at(-1)?.place).toEqual({ line: 1, column: 1 + 1 + 90_000 * 5 });
  expect(processorMs() - before).toBeLessThan(10_000);
});
