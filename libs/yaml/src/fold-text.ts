import { parseNode } from "./parse-nodes.ts";
import { BREAK, LINE_START, NO_BLOCK } from "./style-rules.ts";

/**
 * Folded text as it is after go-yaml has written and read it once more. Its writer puts an empty line behind every line of text,
 * also where a more indented line follows, and there reading does not take it away again.
 */
export function throughFolded(text: string): string {
  if (!text.includes("\n") || NO_BLOCK.test(text)) return text;
  const written = parseNode(`v: >${blockHint(text)}\n${foldedLines(text).replaceAll(LINE_START, "$1  ")}`, { limits: { maxObjectLength: Infinity } });
  return written?.content[1]?.value ?? text;
}

/** What stands behind `|` or `>`: that the text starts with a space or break, and how it ends. */
export function blockHint(text: string): string {
  const hint = /^[ \r\n\u0085\u2028\u2029]/.test(text) ? "2" : "";
  if (!BREAK.test(text.at(-1) ?? "")) return `${hint}-`;
  return text.length === 1 || BREAK.test(text.at(-2) ?? "") ? `${hint}+` : hint;
}

/** The lines that go-yaml writes for folded text, not yet indented. */
export function foldedLines(text: string): string {
  // The first character that is no break decides for the whole text.
  const first = /[^\r\n\u0085\u2028\u2029]/.exec(text)?.[0] ?? "";
  const mustSeparate = first !== "" && first !== " " && first !== "\t";
  let result = "";
  let isNewLine = true;
  let isIndented = true;
  for (const character of text) {
    if (BREAK.test(character)) {
      if (!isNewLine && !isIndented && character === "\n" && mustSeparate) result += "\n";
      result += character;
      isNewLine = true;
      continue;
    }
    if (isNewLine) isIndented = character === " " || character === "\t";
    result += character;
    isNewLine = false;
  }
  return result;
}
