export { definedTexts, fieldsToldUnsupported, schemaTexts, type FieldTexts } from "./field-texts.ts";
