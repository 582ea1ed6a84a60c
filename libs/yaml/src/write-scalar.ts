import { ToolkitError } from "@plumb/std";
import { isBreak } from "./characters.ts";
import { blockHint } from "./fold-text.ts";
import { resolveScalar } from "./resolve-scalar.ts";
import { BLOCK_INDICATOR, BREAK, BREAK_THEN_SPACE, EDGE, LINE_START, LONGEST_SIMPLE_KEY_BYTES, SPACE_THEN_BREAK, UNPRINTABLE } from "./style-rules.ts";

/** Text under construction and the column, in characters, that the next one goes to. */
export interface Sink {
  text: string;
  column: number;
}

/** Where a node stands: at the top, after `key:`, after `-`, or after the `:` of a key that has its own line. */
export type NodePosition = "root" | "value" | "item" | "late-value";

/** Spaces a level; a sequence in a mapping stands in the mapping's own column. */
export const INDENT = 2;

/** A line is folded at the first single space beyond this column. */
const BEST_WIDTH = 80;

/** A digit, or a letter, perhaps behind one dash or two: no sign of YAML's own. */
function isPlainStart(text: string): boolean {
  let at = 0;
  while (at < 2 && text.charCodeAt(at) === 0x2d) at++;
  const code = text.charCodeAt(at);
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  return at === 0 && (isDigit(code) || code === 0x2f || code === 0x5f || code === 0x24 || code === 0x28);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** True for most texts that need no quotes: short ASCII without spaces. */
function isObviouslyPlain(text: string): boolean {
  const last = text.length - 1;
  if (last >= BEST_WIDTH || !isPlainStart(text) || text.charCodeAt(last) === 0x3a) return false;
  for (let i = 1; i <= last; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  const canBeWord = last < 5;
  return (!canBeWord && !isDigit(text.charCodeAt(0))) || isPlainString(text);
}

/** Numbers of YAML 1.1 in base 60, which go-yaml does not read but quotes. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded";

/**
 * Writes a string as a value. @param indent column of its further lines
 * @throws {ToolkitError} `invalid` for a control character that Go's reader refuses
 */
export function writeScalar(sink: Sink, raw: string, indent: number): void {
  if (isObviouslyPlain(raw)) return put(sink, raw);
  const text = asReadByGo(raw);
  write(sink, text, chooseStyle(text, false), indent, true);
}

/**
 * Writes a key and its colon. @param column where the key starts
 * @returns true when the colon stands on a line of its own
 * @throws {ToolkitError} as `writeScalar`
 */
export function writeKey(sink: Sink, raw: string, column: number): boolean {
  if (isObviouslyPlain(raw)) {
    put(sink, `${raw}:`);
    return false;
  }
  const text = asReadByGo(raw);
  const isLate = isMultiline(text) || Buffer.byteLength(text) > LONGEST_SIMPLE_KEY_BYTES;
  if (isLate) put(sink, "? ");
  write(sink, text, chooseStyle(text, !isLate), column + INDENT, isLate);
  if (isLate) startLine(sink, column, false);
  put(sink, ":");
  return isLate;
}

/** Go's JSON leaves these as they are and go-yaml refuses to read them. */
const REFUSED = /[\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;

/** Go's JSON leaves NEL (U+0085) as it is, and the reader of that JSON folds it as it folds any line break in quotes. */
function asReadByGo(text: string): string {
  if (REFUSED.test(text)) throw new ToolkitError("invalid", "yaml: control characters are not allowed");
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  if (!whole.includes("\u0085")) return whole;
  return whole.replace(/ *\u0085[ \u0085]*/g, (breaks) => {
    const count = breaks.split("\u0085").length - 1;
    return count === 1 ? " " : "\n".repeat(count - 1);
  });
}

function write(sink: Sink, text: string, style: ScalarStyle, indent: number, canFold: boolean): void {
  if (style === "plain") writeFlow(sink, text, indent, canFold);
  else if (style === "single") {
    put(sink, "'");
    writeFlow(sink, text.replaceAll("'", "''"), indent, canFold);
    put(sink, "'");
  } else if (style === "double") writeDoubleQuoted(sink, text, indent, canFold);
  else writeBlock(sink, text, style === "literal" ? "|" : ">", indent, text);
}

/** Writes a scalar in a style, on as many lines as it has. @param whole its text when `text` are lines made of it */
export function writeStyled(sink: Sink, text: string, style: ScalarStyle, indent: number, whole: string): void {
  if (style === "folded") writeBlock(sink, text, ">", indent, whole);
  else write(sink, text, style, indent, false);
}

const isMultiline = (text: string): boolean => BREAK.test(text);

function chooseStyle(text: string, isKey: boolean): ScalarStyle {
  if (text === "") return "double";
  const isSpecial = UNPRINTABLE.test(text) || SPACE_THEN_BREAK.test(text);
  if (text.includes("\n")) return isSpecial || isKey || text.endsWith(" ") ? "double" : "literal";
  if (isSpecial) return "double";
  if (!isPlainString(text)) return "double";
  const hasBreak = isMultiline(text);
  if (isKey && hasBreak) return "double";
  if (!hasBreak && !EDGE.test(text) && !BLOCK_INDICATOR.test(text)) return "plain";
  return BREAK_THEN_SPACE.test(text) ? "double" : "single";
}

/** True for text that stays a string in every dialect when it is written without quotes. */
export function isPlainString(text: string): boolean {
  return resolveScalar(text, "kubernetes").tag === "!!str" && !isBase60(text);
}

function isBase60(text: string): boolean {
  return text.includes(":") && BASE_60.test(text);
}

/** What needs no backslash in double quotes. */
const UNESCAPED = /[!#-[\]-~]+/y;

function runAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** Plain or single-quoted text: folds at a lone space beyond the width, doubles a first line feed. */
function writeFlow(sink: Sink, text: string, indent: number, canFold: boolean): void {
  if (!isMultiline(text) && (!canFold || sink.column + text.length <= BEST_WIDTH)) {
    sink.text += text;
    sink.column += codePoints(text);
    return;
  }
  let wasSpace = false;
  let wasBreak = false;
  // why: what needs nothing in between is written at once, for a text is as long as its words are many
  let start = 0;
  const last = text.length - 1;
  for (let i = 0; i <= last; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x20) {
      if (canFold && !wasSpace && sink.column > BEST_WIDTH && i > 0 && i < last && text.charCodeAt(i + 1) !== 0x20) {
        sink.text += text.slice(start, i);
        start = i + 1;
        newLine(sink, indent);
      } else sink.column++;
      wasSpace = true;
    } else if (isBreak(code)) {
      if (!wasBreak && code === 0x0a) {
        sink.text += `${text.slice(start, i)}\n`;
        start = i;
      }
      sink.column = 0;
      wasBreak = true;
    } else {
      if (wasBreak && sink.column < indent) {
        sink.text += text.slice(start, i);
        start = i;
        put(sink, " ".repeat(indent - sink.column));
      }
      if (!isLowSurrogate(code)) sink.column++;
      wasSpace = false;
      wasBreak = false;
    }
  }
  sink.text += text.slice(start);
}

const ESCAPES: Readonly<Record<number, string>> = {
  0: "0",
  7: "a",
  8: "b",
  9: "t",
  10: "n",
  11: "v",
  12: "f",
  13: "r",
  27: "e",
  34: '"',
  92: "\\",
  0x85: "N",
  0xa0: "_",
  0x2028: "L",
  0x2029: "P",
};

function writeDoubleQuoted(sink: Sink, text: string, indent: number, canFold: boolean): void {
  put(sink, '"');
  // go-yaml takes every character for the mark when the text starts with a byte order mark.
  const mustEscapeAll = text.startsWith("\ufeff");
  let wasSpace = false;
  const last = text.length - 1;
  for (let i = 0; i <= last; i++) {
    const run = mustEscapeAll ? "" : runAt(UNESCAPED, text, i);
    if (run !== "") {
      put(sink, run);
      wasSpace = false;
      i += run.length - 1;
      continue;
    }
    const code = text.codePointAt(i) ?? 0;
    if (code > 0xffff) i++;
    const character = String.fromCodePoint(code);
    if (mustEscapeAll || code === 34 || code === 92 || UNPRINTABLE.test(character) || BREAK.test(character)) {
      put(sink, escapeOf(code));
      wasSpace = false;
    } else if (code === 32) {
      if (canFold && !wasSpace && sink.column > BEST_WIDTH && i > 0 && i < last) {
        newLine(sink, indent);
        if (text.charAt(i + 1) === " ") put(sink, "\\");
      } else put(sink, " ");
      wasSpace = true;
    } else {
      sink.text += character;
      sink.column += 1;
      wasSpace = false;
    }
  }
  put(sink, '"');
}

function escapeOf(code: number): string {
  const short = ESCAPES[code];
  if (short !== undefined) return `\\${short}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

function writeBlock(sink: Sink, lines: string, indicator: "|" | ">", indent: number, whole: string): void {
  const pad = " ".repeat(indent);
  // A line starts after any break; an empty one is not indented.
  sink.text += `${indicator}${blockHint(whole)}\n${lines.replace(LINE_START, `$1${pad}`)}`;
  sink.column = BREAK.test(lines.charAt(lines.length - 1)) ? 0 : 1;
}

function newLine(sink: Sink, indent: number): void {
  sink.text += `\n${" ".repeat(indent)}`;
  sink.column = indent;
}

const LINE_STARTS: readonly string[] = Array.from({ length: 40 }, (_, indent) => `\n${" ".repeat(indent)}`);

/** Goes to column `indent`: on the same line where a collection starts after an indicator, else on a new one. */
export function startLine(sink: Sink, indent: number, isSameLine: boolean): void {
  if (isSameLine || sink.column === 0) return put(sink, " ".repeat(Math.max(indent - sink.column, 0)));
  sink.text += LINE_STARTS[indent] ?? `\n${" ".repeat(indent)}`;
  sink.column = indent;
}

/** Writes ASCII. */
export function put(sink: Sink, ascii: string): void {
  sink.text += ascii;
  sink.column += ascii.length;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    if (isLowSurrogate(text.charCodeAt(i))) count--;
  }
  return count;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
