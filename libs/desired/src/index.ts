export { buildDesired, buildDesiredText, type Desired, type DesiredOptions, type DesiredText } from "./build-desired.ts";
export { unsupportedBuildField, type BuildSpec } from "./build-spec.ts";
export { findFolder } from "./find-folder.ts";
