export { customResourceSchema } from "./custom-schema.ts";
export { builtinFacts, schemaOfObject, type Facts, type KindFacts, type SubresourceFacts } from "./facts.ts";
export { inGoForm } from "./go-form.ts";
export { decodeProtobuf } from "./protobuf.ts";
export type { GoField, Schema } from "./schema.ts";
