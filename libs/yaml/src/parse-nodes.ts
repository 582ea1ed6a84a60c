import type { ToolkitError } from "@plumb/std";
import { isBreak } from "./characters.ts";
import type { YamlNode } from "./node.ts";
import { Parser, type ParseOptions } from "./parser.ts";
import { SyntaxProblem } from "./syntax-error.ts";
import { placedError } from "./yaml-error.ts";

/** What Go's reader refuses: control characters, and what is no character. */
const CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ufffd]/;

/**
 * The node of the first document; undefined when there is none. What follows it is not looked at, as in Go.
 *
 * @throws {ToolkitError} `invalid` with path, line and column
 */
export function parseNode(text: string, options: ParseOptions = {}): YamlNode | undefined {
  if (CONTROL.test(text)) throw controlError(text, options);
  if (isBlankText(text)) return undefined;
  try {
    return new Parser(text, options).document();
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown;
    const { path, firstLine = 1 } = options;
    const shown = thrown.shownLine === 0 ? "" : `line ${thrown.shownLine + firstLine - 1}: `;
    throw placedError(`yaml: ${shown}${thrown.message}`, path, thrown.line + firstLine, thrown.column + 1);
  }
}

function controlError(text: string, { path, firstLine = 1 }: ParseOptions): ToolkitError {
  const at = text.search(CONTROL);
  const start = text.lastIndexOf("\n", at) + 1;
  return placedError("yaml: control characters are not allowed", path, lineFeeds(text, at) + firstLine, at - start + 1);
}

/** How many lines end before `end`. */
export function lineFeeds(text: string, end: number = text.length): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** True for nothing but spaces, line feeds and comments, of which there may be as many as a file can hold. */
function isBlankText(text: string): boolean {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x23) at = commentEnd(text, at);
    else if (code !== 0x20 && code !== 10) return false;
  }
  return true;
}

/** The place of the line feed that ends a comment; in front of another break, which then is found to be none of the blanks. */
function commentEnd(text: string, start: number): number {
  const { length } = text;
  let at = start;
  while (at < length && !isBreak(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === 10 ? at : at - 1;
}
