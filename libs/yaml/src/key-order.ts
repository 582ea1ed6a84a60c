const LETTER = /^\p{L}$/u;
const DIGIT = /^\p{Nd}$/u;

/** So many keys are sorted faster by hand, above all those that stand in order already. */
const FEW = 16;

/** Sorts mapping keys in place, in the order of `compareKeys`. */
export function sortKeys(keys: string[]): readonly string[] {
  if (keys.length > FEW) return keys.sort(compareKeys);
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] ?? "";
    let at = i;
    for (let before = keys[at - 1]; before !== undefined && compareKeys(before, key) > 0; before = keys[at - 1]) keys[at--] = before;
    keys[at] = key;
  }
  return keys;
}

/** Orders mapping keys as go-yaml v2 does: letters after everything else, runs of digits by their number. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (!isPlain(x) || !isPlain(y)) return compareAt([...a], [...b]);
    const isLetterX = isAsciiLetter(x);
    return isLetterX === isAsciiLetter(y) ? x - y : isLetterX ? 1 : -1;
  }
  return a.length - b.length;
}

/** ASCII and no digit. */
function isPlain(code: number): boolean {
  return code < 0x30 || (code > 0x39 && code < 0x80);
}

function isAsciiLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** The order of two texts, as code points, that differ somewhere within the shorter one. */
function compareAt(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((character, i) => character !== b[i]);
  const x = a[at] ?? "";
  const y = b[at] ?? "";
  if (y === "") return 1;
  const isLetterX = LETTER.test(x);
  const isLetterY = LETTER.test(y);
  if (isLetterX && isLetterY) return codeOf(x) - codeOf(y);
  if (isLetterX || isLetterY) return isLetterY ? -1 : 1;
  // A zero inside a number counts as a digit, one that leads it does not.
  const seed = (x === "0" || y === "0") && isInsideNumber(a, at) ? 1n : 0n;
  const runX = digitRun(a, at, seed);
  const runY = digitRun(b, at, seed);
  if (runX.value !== runY.value) return runX.value < runY.value ? -1 : 1;
  if (runX.end !== runY.end) return runX.end - runY.end;
  return codeOf(x) - codeOf(y);
}

function isInsideNumber(text: readonly string[], at: number): boolean {
  for (let j = at - 1; j >= 0 && DIGIT.test(text[j] ?? ""); j--) if (text[j] !== "0") return true;
  return false;
}

/** The number that starts at `start`, in Go's int64 arithmetic. */
function digitRun(text: readonly string[], start: number, seed: bigint): { readonly value: bigint; readonly end: number } {
  let value = seed;
  let end = start;
  for (; end < text.length && DIGIT.test(text[end] ?? ""); end++) value = BigInt.asIntN(64, value * 10n + BigInt(codeOf(text[end] ?? "") - 0x30));
  return { value, end };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
