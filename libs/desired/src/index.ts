export { buildDesired, buildDesiredText, type Desired, type DesiredOptions, type DesiredText } from "./build-desired.ts";
export { buildSpecOf, type BuildSpec } from "./build-spec.ts";
