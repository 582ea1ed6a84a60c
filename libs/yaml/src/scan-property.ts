import { isBlank, isBlankOrEnd, isBreakOrEnd, isNameCharacter } from "./characters.ts";
import type { Scanner } from "./scanner.ts";

/** Two parts of a tag or directive. */
interface Parts {
  readonly value: string;
  readonly suffix: string;
}

/** What may follow the name of an anchor. */
const AFTER_NAME = new Set(["?", ":", ",", "]", "}", "%", "@", "`"]);

/** Reads the name behind `&` or `*`. */
export function scanName(scanner: Scanner): string {
  const begin = { line: scanner.line };
  scanner.position++;
  const name = scanNameCharacters(scanner);
  const next = scanner.code();
  if (name === "" || !(isBlankOrEnd(next) || AFTER_NAME.has(String.fromCharCode(next)))) {
    throw scanner.problem("did not find expected alphabetic or numeric character", begin);
  }
  return name;
}

function scanNameCharacters(scanner: Scanner): string {
  const start = scanner.position;
  while (isNameCharacter(scanner.code())) scanner.position++;
  return scanner.text.slice(start, scanner.position);
}

/** Reads a tag: handle and suffix; `!<…>` and a lone `!` have no handle. */
export function scanTag(scanner: Scanner): Parts {
  const begin = { line: scanner.line };
  const parts = scanner.code(1) === 0x3c ? scanVerbatim(scanner, begin) : scanShorthand(scanner, begin);
  if (!isBlankOrEnd(scanner.code())) throw scanner.problem("did not find expected whitespace or line break", begin);
  return parts;
}

function scanVerbatim(scanner: Scanner, begin: { readonly line: number }): Parts {
  scanner.position += 2;
  const suffix = scanUri(scanner, "", begin);
  if (scanner.code() !== 0x3e) throw scanner.problem("did not find the expected '>'", begin);
  scanner.position++;
  return { value: "", suffix };
}

function scanShorthand(scanner: Scanner, begin: { readonly line: number }): Parts {
  const handle = scanHandle(scanner, false, begin);
  if (handle.length > 1 && handle.endsWith("!")) return { value: handle, suffix: scanUri(scanner, "", begin) };
  const suffix = scanUri(scanner, handle, begin);
  return suffix === "" ? { value: "", suffix: "!" } : { value: "!", suffix };
}

function scanHandle(scanner: Scanner, isDirective: boolean, begin: { readonly line: number }): string {
  const start = scanner.position;
  if (scanner.code() !== 0x21) throw scanner.problem("did not find expected '!'", begin);
  scanner.position++;
  scanNameCharacters(scanner);
  if (scanner.code() === 0x21) scanner.position++;
  else if (isDirective && scanner.position - start > 1) throw scanner.problem("did not find expected '!'", begin);
  return scanner.text.slice(start, scanner.position);
}

const URI_CHARACTERS = /[A-Za-z0-9_\-;/?:@&=+$,.!~*'()[\]]*/y;
const URI_ESCAPE = /%[0-9a-fA-F]{2}/y;

/** Where what stands at the position ends, if it is what `pattern` matches. */
function endOf(pattern: RegExp, { text, position }: Scanner): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}

/** @param head a handle that turned out to be the start of the suffix */
function scanUri(scanner: Scanner, head: string, begin: { readonly line: number }): string {
  const start = scanner.position;
  for (let at = -1; at !== scanner.position;) {
    at = scanner.position;
    scanner.position = endOf(URI_CHARACTERS, scanner);
    scanner.position = endOf(URI_ESCAPE, scanner);
  }
  scanner.refuseLong(scanner.position - start);
  const uri = scanner.text.slice(start, scanner.position);
  if (scanner.code() === 0x25) throw scanner.problem("did not find URI escaped octet", begin);
  if (uri === "" && head === "") throw scanner.problem("did not find expected tag URI", begin);
  try {
    return head.slice(1) + decodeURIComponent(uri);
  } catch {
    throw scanner.problem("found an incorrect leading UTF-8 octet", begin);
  }
}

/** Reads a line that starts with `%`. A %YAML directive has no parts. */
export function scanDirective(scanner: Scanner): Parts {
  const begin = { line: scanner.line };
  scanner.position++;
  const name = scanNameCharacters(scanner);
  if (name === "") throw scanner.problem("could not find expected directive name", begin);
  if (!isBlankOrEnd(scanner.code())) throw scanner.problem("found unexpected non-alphabetical character", begin);
  const parts = name === "YAML" ? scanVersion(scanner, begin) : name === "TAG" ? scanTagPrefix(scanner, begin) : undefined;
  if (parts === undefined) throw scanner.problem("found unknown directive name", begin);
  skipBlanks(scanner);
  if (scanner.code() === 0x23) scanner.skipToBreak();
  if (!isBreakOrEnd(scanner.code())) throw scanner.problem("did not find expected comment or line break", begin);
  if (scanner.position < scanner.text.length) scanner.skipBreak();
  return parts;
}

function skipBlanks(scanner: Scanner): void {
  while (isBlank(scanner.code())) scanner.position++;
}

function scanVersion(scanner: Scanner, begin: { readonly line: number }): Parts {
  skipBlanks(scanner);
  const version = /^[0-9]{1,2}\.[0-9]{1,2}(?![0-9])/.exec(scanner.text.slice(scanner.position, scanner.position + 6))?.[0];
  if (version === undefined) throw scanner.problem("did not find expected version number", begin);
  scanner.position += version.length;
  if (!/^0?1\.0?1$/.test(version)) throw scanner.problem("found incompatible YAML document", begin);
  return { value: "", suffix: "" };
}

function scanTagPrefix(scanner: Scanner, begin: { readonly line: number }): Parts {
  skipBlanks(scanner);
  const value = scanHandle(scanner, true, begin);
  if (!isBlank(scanner.code())) throw scanner.problem("did not find expected whitespace", begin);
  skipBlanks(scanner);
  const suffix = scanUri(scanner, "", begin);
  if (!isBlankOrEnd(scanner.code())) throw scanner.problem("did not find expected whitespace or line break", begin);
  return { value, suffix };
}
