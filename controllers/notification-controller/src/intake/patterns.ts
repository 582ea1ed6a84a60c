import { remember } from "@plumb/std";
import { RE2JS } from "re2js";

/** A compiled pattern of an Alert; undefined stands for one that is none. */
export type Pattern = { matches(text: string): boolean } | undefined;

const MAX_PATTERNS = 1000;

/** Compiles Go's regular expressions for an engine that is linear in text and pattern, each once. */
export class Patterns {
  /** The latest used last. */
  readonly #compiled = new Map<string, Pattern>();

  get(source: string): Pattern {
    const pattern = this.#compiled.has(source) ? this.#compiled.get(source) : compiled(source);
    remember(this.#compiled, source, pattern, MAX_PATTERNS);
    return pattern;
  }
}

function compiled(source: string): Pattern {
  try {
    const pattern = RE2JS.compile(source);
    return { matches: (text) => pattern.matcher(text).find() };
  } catch {
    return undefined;
  }
}
