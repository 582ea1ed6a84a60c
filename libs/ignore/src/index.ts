export { sourceIgnore, type IgnoreFile, type IsIgnored } from "./source-ignore.ts";
