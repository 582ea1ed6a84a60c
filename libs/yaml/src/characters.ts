/** Line breaks of YAML 1.1: LF, CR, NEL, LS, PS. */
export function isBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isBlank(code: number): boolean {
  return code === 0x20 || code === 9;
}

/** Stands for the end of the text; NUL is refused before a text is scanned. */
export const END = 0;

/** The character at a place, or `END`. */
export function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : END;
}

/** A blank, a break or the end of the text. */
export function isBlankOrEnd(code: number): boolean {
  return code === 0x20 || code === 10 || code === 9 || code === END || isBreak(code);
}

/** A break or the end of the text. */
export function isBreakOrEnd(code: number): boolean {
  return code === END || isBreak(code);
}

/** What may stand in a name of an anchor or a tag handle. */
export function isNameCharacter(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x2d;
}

/** How a line break reads: LF for all but LS and PS, which stay. */
export function breakText(code: number): string {
  return code === 0x2028 || code === 0x2029 ? String.fromCharCode(code) : "\n";
}
