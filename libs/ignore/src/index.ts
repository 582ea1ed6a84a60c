export { parsePattern, verdictOf, type IgnorePattern } from "./pattern.ts";
export { createMatcher, readPatterns, sourceIgnore, type IgnoreFile, type IsIgnored } from "./source-ignore.ts";
