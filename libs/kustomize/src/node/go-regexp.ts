import { RE2JS } from "re2js";
import { invalid } from "../build-error.ts";

/** Text in which no character means anything to a regular expression. */
const LITERAL = /^[A-Za-z0-9_/ :=,@%"'<>;&~`!-]*$/;
/** Such texts, with alternatives and any character: what means the same to every engine. */
const PLAIN = /^[A-Za-z0-9_/ :=,@%"'<>;&~`!|.-]*$/;
const MAX_PLAIN = 1000;
/** Longer than any list of names that somebody writes; compiling takes time and memory by the length of the pattern. */
const LONGEST = 10_000;

/** Says whether a text matches; linear in its length whatever the pattern. */
export type Matcher = (text: string) => boolean;

/** A pattern that may match anywhere. @throws {ToolkitError} `invalid`, quoting the pattern */
export function goRegexp(pattern: string): Matcher {
  if (LITERAL.test(pattern)) return (text) => text.includes(pattern);
  const compiled = compile(pattern);
  return (text) => compiled.matcher(text).find();
}

/** A pattern that must match the whole text; an empty one matches everything. */
export function wholeRegexp(pattern: string): Matcher {
  if (pattern === "") return () => true;
  if (LITERAL.test(pattern)) return (text) => text === pattern;
  const whole = `^(?:${pattern})$`;
  if (!isSimple(pattern)) return goRegexp(whole);
  const compiled = new RegExp(whole.replaceAll(".", "[^\\n]"), "u");
  return (text) => compiled.test(text);
}

/** Plain, with one repeated dot at most: JavaScript's engine, which is there already, needs no more than linear time for that either. */
function isSimple(pattern: string): boolean {
  const parts = pattern.length > MAX_PLAIN ? [] : pattern.split(/\.[*+]/);
  return (parts.length === 1 || parts.length === 2) && parts.every((part) => PLAIN.test(part));
}

function compile(pattern: string): RE2JS {
  if (pattern.length > LONGEST) throw invalid(`error parsing regexp: expression too large: \`${pattern.slice(0, 100)}…\``);
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause); // Go's own words
  }
}
