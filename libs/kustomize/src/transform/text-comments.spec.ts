import { processorMs } from "@plumb/std/testing";
import { emitNode, parseNodes } from "@plumb/yaml";
import { describe, expect, it } from "vitest";
import { withComments } from "./text-comments.ts";

/** The text after it was read and written anew, nothing changed. */
function rewritten(text: string): string {
  const [node] = parseNodes(text);
  return node === undefined ? "" : withComments(text, emitNode(node).trim());
}

describe("Comments are kept as go-yaml keeps them", () => {
  it.each([
    ["above, beside and below", "# a\nk: 1 # b\n# c\nl: 2\n# d\n", "# a\nk: 1 # b\n# c\nl: 2\n# d"],
    ["at the top, with an empty line below", "# a\n\nk: 1\n", "# a\n\nk: 1"],
    ["above, without the empty line between", "k: 1\n\n# a\nl: 2\n", "k: 1\n# a\nl: 2"],
    ["below, with the empty line that makes them so", "k: 1\n# a\n\nl: 2\n", "k: 1\n# a\n\nl: 2"],
    ["at the end, behind an empty line", "k: 1\n\n# a\n", "k: 1\n\n# a"],
    ["on a key, further in and at the end of a block", "k: # a\n  # b\n  l: 1\n  # c\nm: 2\n", "k: # a\n  # b\n  l: 1\n  # c\nm: 2"],
    ["in a list that was indented", "k:\n  # a\n  - 1 # b\n  # c\n  - 2\n", "k:\n# a\n- 1 # b\n# c\n- 2"],
    ["at the end of such a list", "k:\n  - 1\n  # a\nl: 2\n", "k:\n- 1\n# a\n\nl: 2"],
    ["with one space beside, behind quotes and braces", "k: 'a # b'   # c\nl: [\"#\"]  #d\n", "k: 'a # b' # c\nl: [\"#\"] #d"],
    ["not what stands in a block of text", "k: |\n  # a\n# b\nl: 1#2\n", "k: |\n  # a\n# b\nl: 1#2"],
  ])("%s", (_, text, expected) => {
    expect(rewritten(text)).toBe(expected);
  });

  it("beside values that are others now, and above keys that come behind new ones", () => {
    expect(withComments("k: 1 # a\n# b\nl: 2\n", "k: changed\nl: 2\nm: 3")).toBe("k: changed # a\n# b\nl: 2\nm: 3");
  });
});

it.each([
  ["inside braces", "k: {\n  # a\n  l: 1}\n"],
  ["further out than what follows", "k:\n# a\n  l: 1\n"],
  ["behind text over several lines", 'k: "a\n  b" # c\n'],
  ["on a dash", "k:\n- # a\n  l: 1\n"],
  ["beside a tag", "k: !!str a # b\n"],
])("All comments are left out where one stands %s", (_, text) => {
  expect(rewritten(text)).not.toContain("#");
});

it("A comment that would stand below everything is left out when keys were added there", () => {
  expect(withComments("k: 1\n# a\n", "k: 1\nl: 2")).toBe("k: 1\nl: 2");
});

it("Comments on every other line, as many as a text may have, take no time to speak of", () => {
  const text = `k: 1\n${"# a\n # b\n".repeat(2 ** 14)}l: ${"x".repeat(2 ** 12 - 3)}\n`;
  const start = processorMs();
  expect(withComments(text, text.trim())).toBe(text.trim());
  expect(processorMs() - start).toBeLessThan(10_000);
});
