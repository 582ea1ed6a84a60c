import { setOwn } from "@plumb/std";
import { draftValue, isDraft, type DraftValue } from "../draft.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";

/** Sets the defaults of a custom schema in place, at every level that is there. */
export function setSchemaDefaults(value: DraftValue | undefined, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, "items");
    if (items === undefined) return;
    value.forEach((item, index) => {
      const fallback = items["default"];
      if (item === null && items["nullable"] !== true && fallback !== undefined) value[index] = draftValue(fallback);
      setSchemaDefaults(value[index], items);
    });
    return;
  }
  if (!isDraft(value)) return;
  const properties = schemaAt(schema, "properties") ?? {};
  for (const key of Object.keys(properties)) {
    const known = schemaAt(properties, key);
    const fallback = known?.["default"];
    if (known === undefined || fallback === undefined) continue;
    const present = Object.hasOwn(value, key) ? value[key] : undefined;
    if (present === undefined || (present === null && known["nullable"] !== true)) setOwn(value, key, draftValue(fallback));
  }
  const values = schemaAt(schema, "additionalProperties");
  for (const [key, member] of Object.entries(value)) {
    const known = schemaAt(properties, key) ?? values;
    if (known !== undefined) setSchemaDefaults(member, known);
  }
}

/** True where the schema, or a part of it, has a default: else objects need not be copied to be read. */
export function hasDefaults(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (schema["default"] !== undefined) return true;
  const properties = schemaAt(schema, "properties") ?? {};
  return (
    Object.keys(properties).some((key) => hasDefaults(schemaAt(properties, key))) ||
    hasDefaults(schemaAt(schema, "items")) ||
    hasDefaults(schemaAt(schema, "additionalProperties"))
  );
}
