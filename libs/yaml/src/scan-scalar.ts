import { breakText, codeAt, isBlank, isBreak, isBreakOrEnd } from "./characters.ts";
import { resolved, type PlainText } from "./plain-texts.ts";
import type { Scanner } from "./scanner.ts";
import { TextBuilder } from "./text-builder.ts";

/** Line breaks between two pieces of text: one alone is a space, more are one fewer. */
class Breaks {
  readonly #first: string;
  #rest: TextBuilder | undefined;

  constructor(first: string) {
    this.#first = first;
  }

  add(code: number): void {
    this.#rest ??= new TextBuilder();
    this.#rest.add(breakText(code));
  }

  folded(): string {
    const rest = this.#rest?.text() ?? "";
    if (this.#first !== "\n") return this.#first + rest;
    return rest === "" ? " " : rest;
  }
}

/** Reads text without quotes. */
export function scanPlain(scanner: Scanner): PlainText {
  const { text } = scanner;
  const indent = scanner.indent + 1;
  const isInFlow = scanner.flowLevel > 0;
  const begin = scanner.line;
  let lines: TextBuilder | undefined;
  // why: what stands on one line is taken at once, blanks and all, for a line may be as long as a file
  let lineStart = scanner.position;
  let lineEnd = lineStart;
  let breaks: Breaks | undefined;
  while (!scanner.atDocumentIndicator() && scanner.code() !== 0x23) {
    const start = scanner.position;
    const end = plainEnd(text, start, isInFlow);
    if (end > start) {
      if (breaks !== undefined) {
        lines ??= new TextBuilder();
        lines.add(text.slice(lineStart, lineEnd));
        lines.add(breaks.folded());
        scanner.refuseLong(lines.length);
        lineStart = start;
      }
      lineEnd = end;
      breaks = undefined;
      scanner.position = end;
    }
    const code = scanner.code();
    if (!isBlank(code) && !isBreak(code)) break;
    breaks = passGap(scanner, indent, begin, breaks);
    if (!isInFlow && breaks !== undefined && scanner.column < indent) break;
  }
  if (breaks !== undefined) scanner.allowKey();
  scanner.refuseLong(lineEnd - lineStart);
  if (lines === undefined) return scanner.plainTexts.read(text, lineStart, lineEnd);
  lines.add(text.slice(lineStart, lineEnd));
  const value = lines.text();
  scanner.refuseLong(value.length);
  return resolved(value);
}

/** Where a run of text without blanks ends. */
function plainEnd(text: string, start: number, isInFlow: boolean): number {
  const { length } = text;
  for (let at = start; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) {
      const next = codeAt(text, at + 1);
      if (isBlank(next) || isBreakOrEnd(next)) return at;
    } else if (code <= 0x20 ? isBlank(code) || isBreak(code) : code >= 0x85 && isBreak(code)) return at;
    else if (isInFlow && (code === 0x2c || code === 0x3f || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d)) return at;
  }
  return length;
}

/** Passes blanks and breaks inside plain text. */
function passGap(scanner: Scanner, indent: number, begin: number, before: Breaks | undefined): Breaks | undefined {
  let breaks = before;
  for (let code = scanner.code(); isBlank(code) || isBreak(code); code = scanner.code()) {
    if (isBlank(code)) {
      if (breaks !== undefined && scanner.column < indent && code === 9)
        throw scanner.problem("found a tab character that violates indentation", { line: begin });
      scanner.position++;
      continue;
    }
    if (breaks === undefined) breaks = new Breaks(breakText(code));
    else breaks.add(code);
    scanner.skipBreak();
  }
  return breaks;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads text in quotes. */
export function scanQuoted(scanner: Scanner, isSingle: boolean): string {
  const { text } = scanner;
  const begin = { line: scanner.line };
  const quote = isSingle ? 0x27 : 0x22;
  scanner.position++;
  const end = plainQuotedEnd(text, scanner.position, quote);
  if (end !== undefined) {
    const start = scanner.position;
    scanner.position = end + 1;
    return scanner.plainTexts.share(text, start, end);
  }
  const value = new TextBuilder();
  for (;;) {
    if (scanner.atDocumentIndicator()) throw scanner.problem("found unexpected document indicator", begin);
    if (scanner.position >= text.length) throw scanner.problem("found unexpected end of stream", begin);
    const isContinued = quotedLine(scanner, isSingle, quote, begin, value);
    if (scanner.code() === quote && !isContinued) break;
    value.add(quotedGap(scanner, isContinued));
    scanner.refuseLong(value.length);
  }
  scanner.position++;
  return value.text();
}

/** Where the closing quote is when all before it stands on one line as it is meant. */
function plainQuotedEnd(text: string, start: number, quote: number): number | undefined {
  const { length } = text;
  for (let at = start; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return quote === 0x27 && codeAt(text, at + 1) === quote ? undefined : at;
    if (code === 0x5c ? quote === 0x22 : isBreak(code)) return undefined;
  }
  return undefined;
}

/** Adds text up to the closing quote or the blanks at the end of a line. True when a backslash ended the line. */
function quotedLine(scanner: Scanner, isSingle: boolean, quote: number, begin: { readonly line: number }, value: TextBuilder): boolean {
  const { text } = scanner;
  let start = scanner.position;
  for (;;) {
    const code = scanner.code();
    if (isBreakOrEnd(code)) break;
    if (isBlank(code)) {
      const after = blankEnd(text, scanner.position);
      if (isBreakOrEnd(codeAt(text, after))) break;
      scanner.position = after;
    } else if (code === quote) {
      if (!isSingle || scanner.code(1) !== quote) break;
      value.add(text.slice(start, scanner.position + 1));
      scanner.refuseLong(value.length);
      scanner.position += 2;
      start = scanner.position;
    } else if (!isSingle && code === 0x5c) {
      value.add(text.slice(start, scanner.position));
      if (isBreak(scanner.code(1))) {
        scanner.position++;
        scanner.skipBreak();
        return true;
      }
      value.add(scanEscape(scanner, begin));
      scanner.refuseLong(value.length);
      start = scanner.position;
    } else scanner.position++;
  }
  value.add(text.slice(start, scanner.position));
  return false;
}

function blankEnd(text: string, start: number): number {
  let at = start;
  while (isBlank(codeAt(text, at))) at++;
  return at;
}

function scanEscape(scanner: Scanner, begin: { readonly line: number }): string {
  const name = scanner.text.charAt(scanner.position + 1);
  const simple = ESCAPES[name];
  if (simple !== undefined) {
    scanner.position += 2;
    return simple;
  }
  const length = HEX_DIGITS[name];
  if (length === undefined) throw scanner.problem("found unknown escape character", begin);
  const digits = scanner.text.slice(scanner.position + 2, scanner.position + 2 + length);
  scanner.position += 2;
  if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) throw scanner.problem("did not find expected hexdecimal number", begin);
  const code = Number.parseInt(digits, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) throw scanner.problem("found invalid Unicode character escape code", begin);
  scanner.position += length;
  return String.fromCodePoint(code);
}

/** Blanks and breaks between two lines in quotes. */
function quotedGap(scanner: Scanner, isContinued: boolean): string {
  const start = scanner.position;
  let breaks = isContinued ? new Breaks("") : undefined;
  for (let code = scanner.code(); isBlank(code) || isBreak(code); code = scanner.code()) {
    if (isBlank(code)) scanner.position++;
    else {
      if (breaks === undefined) breaks = new Breaks(breakText(code));
      else breaks.add(code);
      scanner.skipBreak();
    }
  }
  return breaks === undefined ? scanner.text.slice(start, scanner.position) : breaks.folded();
}

/** Reads a block scalar, `|` or `>`. */
export function scanBlockScalar(scanner: Scanner, isLiteral: boolean): string {
  const begin = { line: scanner.line };
  const { chomping, increment } = scanHeader(scanner, begin);
  const given = increment === 0 ? 0 : Math.max(scanner.indent, 0) + increment;
  const value = new TextBuilder();
  let lineBreak = "";
  let isIndented = false;
  let blanks = scanEmptyLines(scanner, given, begin);
  const { indent } = blanks;
  while (scanner.column === indent && scanner.position < scanner.text.length) {
    const startsBlank = isBlank(scanner.code());
    if (isLiteral || isIndented || startsBlank || lineBreak !== "\n") value.add(lineBreak);
    else if (blanks.breaks === "") value.add(" ");
    value.add(blanks.breaks);
    isIndented = startsBlank;
    const start = scanner.position;
    scanner.skipToBreak();
    value.add(scanner.text.slice(start, scanner.position));
    scanner.refuseLong(value.length);
    lineBreak = "";
    if (scanner.position < scanner.text.length) {
      lineBreak = breakText(scanner.code());
      scanner.skipBreak();
    }
    blanks = scanEmptyLines(scanner, indent, begin);
  }
  if (chomping !== "strip") value.add(lineBreak);
  if (chomping === "keep") value.add(blanks.breaks);
  return value.text();
}

type Chomping = "clip" | "strip" | "keep";

function scanHeader(scanner: Scanner, begin: { readonly line: number }): { readonly chomping: Chomping; readonly increment: number } {
  scanner.position++;
  const header = /^(?:([+-])([0-9])?|([0-9])([+-])?)?/.exec(scanner.text.slice(scanner.position, scanner.position + 2));
  const [found = "", sign = "", digit, otherDigit, otherSign = ""] = header ?? [];
  const increment = Number(digit ?? otherDigit ?? "-1");
  scanner.position += found.length;
  if (increment === 0) throw scanner.problem("found an indentation indicator equal to 0", begin);
  while (isBlank(scanner.code())) scanner.position++;
  if (scanner.code() === 0x23) scanner.skipToBreak();
  if (!isBreakOrEnd(scanner.code())) throw scanner.problem("did not find expected comment or line break", begin);
  if (scanner.position < scanner.text.length) scanner.skipBreak();
  const mark = sign === "" ? otherSign : sign;
  return { chomping: mark === "+" ? "keep" : mark === "-" ? "strip" : "clip", increment: Math.max(increment, 0) };
}

/** Passes indentation and empty lines. @param indent 0 to find it out from the first line with text */
function scanEmptyLines(scanner: Scanner, indent: number, begin: { readonly line: number }): { readonly breaks: string; readonly indent: number } {
  let breaks: TextBuilder | undefined;
  let widest = 0;
  for (;;) {
    while ((indent === 0 || scanner.column < indent) && scanner.code() === 0x20) scanner.position++;
    widest = Math.max(widest, scanner.column);
    const code = scanner.code();
    if (code === 9 && (indent === 0 || scanner.column < indent)) throw scanner.problem("found a tab character where an indentation space is expected", begin);
    if (!isBreak(code)) break;
    breaks ??= new TextBuilder();
    breaks.add(breakText(code));
    scanner.refuseLong(breaks.length);
    scanner.skipBreak();
  }
  return { breaks: breaks?.text() ?? "", indent: indent === 0 ? Math.max(widest, scanner.indent + 1, 1) : indent };
}
