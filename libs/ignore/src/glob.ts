/** One step of a glob; `class` holds pairs of first and last code point. */
type Step =
  | { readonly kind: "star" }
  | { readonly kind: "any" }
  | { readonly kind: "char"; readonly code: number }
  | { readonly kind: "class"; readonly isNegated: boolean; readonly ranges: readonly (readonly [first: number, last: number])[] };

/** A compiled glob over one name; undefined is a malformed one, which Go's `path.Match` reports and go-git takes for no match. */
export type Glob = readonly Step[] | undefined;

/** Compiles a glob of Go's `path.Match`: `*`, `?`, `[a-z]`, `[^a-z]` and `\` before anything to mean it literally. */
export function compileGlob(pattern: string): Glob {
  const chars = Array.from(pattern);
  const steps: Step[] = [];
  for (let at = 0; at < chars.length;) {
    const char = chars[at] ?? "";
    if (char === "[") {
      const read = readClass(chars, at + 1);
      if (read === undefined) return undefined;
      steps.push(read.step);
      at = read.next;
    } else if (char === "*" || char === "?") {
      steps.push({ kind: char === "*" ? "star" : "any" });
      at += 1;
    } else {
      const literal = char === "\\" ? chars[at + 1] : char;
      if (literal === undefined) return undefined;
      steps.push({ kind: "char", code: codeOf(literal) });
      at += char === "\\" ? 2 : 1;
    }
  }
  return steps;
}

/** Whether the whole of `name` matches. Takes time of at most the product of both lengths. */
export function matchesGlob(glob: Glob, name: string): boolean {
  if (glob === undefined) return false;
  const codes = Array.from(name, codeOf);
  let step = 0;
  let at = 0;
  let retryStep = -1;
  let retryAt = 0;
  while (at < codes.length || step < glob.length) {
    const current = glob[step];
    if (current?.kind === "star") {
      step += 1;
      retryStep = step;
      retryAt = at;
    } else if (current !== undefined && at < codes.length && matchesStep(current, codes[at] ?? 0)) {
      step += 1;
      at += 1;
    } else if (retryStep !== -1 && retryAt < codes.length) {
      retryAt += 1;
      step = retryStep;
      at = retryAt;
    } else return false;
  }
  return true;
}

function matchesStep(step: Step, code: number): boolean {
  if (step.kind === "char") return step.code === code;
  if (step.kind === "class") return step.ranges.some(([first, last]) => first <= code && code <= last) !== step.isNegated;
  return true;
}

/** Reads a class from behind its `[`; undefined when it is malformed: never closed, empty, or with a bare `-` or `]` as an end. */
function readClass(chars: readonly string[], start: number): { readonly step: Step; readonly next: number } | undefined {
  const isNegated = chars[start] === "^";
  const ranges: [number, number][] = [];
  let at = isNegated ? start + 1 : start;
  while (chars[at] !== "]" || ranges.length === 0) {
    const first = readEnd(chars, at);
    if (first === undefined) return undefined;
    at = first.next;
    let last = first;
    if (chars[at] === "-") {
      const end = readEnd(chars, at + 1);
      if (end === undefined) return undefined;
      last = end;
      at = end.next;
    }
    ranges.push([first.code, last.code]);
  }
  return { step: { kind: "class", isNegated, ranges }, next: at + 1 };
}

function readEnd(chars: readonly string[], at: number): { readonly code: number; readonly next: number } | undefined {
  const char = chars[at];
  if (char === undefined || char === "-" || char === "]") return undefined;
  const literal = char === "\\" ? chars[at + 1] : char;
  return literal === undefined ? undefined : { code: codeOf(literal), next: at + (char === "\\" ? 2 : 1) };
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
