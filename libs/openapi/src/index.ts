export { customResourceSchema } from "./custom-schema.ts";
export { builtinFacts, schemaOfObject, type Facts, type KindFacts, type SubresourceFacts } from "./facts.ts";
export { inGoForm } from "./go-form.ts";
export { decodeProtobuf, isProtobuf } from "./protobuf.ts";
export { ANY, ANY_ATOMIC, makeSchema, schemaOfKey, withRules, type GoField, type Schema } from "./schema.ts";
