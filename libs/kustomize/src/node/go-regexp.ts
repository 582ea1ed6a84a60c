import { RE2JS } from "re2js";
import { invalid } from "../build-error.ts";

/** Text in which no character means anything to a regular expression. */
const LITERAL = /^[A-Za-z0-9_/ :=,@%"'<>;&~`!-]*$/;

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
  return goRegexp(`^(?:${pattern})$`);
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw invalid(`error parsing regexp: ${cause instanceof Error ? cause.message : String(cause)}: \`${pattern}\``, cause);
  }
}
