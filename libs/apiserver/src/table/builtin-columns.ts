import type { KindFacts } from "@plumb/openapi";
import type { TableColumns } from "../resource.ts";
import { ageOf, AGE_COLUMN, NAME_COLUMN } from "./column.ts";
import { textAt } from "../draft.ts";

/** The columns that `kubectl get` shows of a built-in kind. */
export function columnsOf(_facts: KindFacts): TableColumns {
  return {
    definitions: [NAME_COLUMN, AGE_COLUMN],
    cells: (object, nowMs) => [textAt(object, "metadata", "name") ?? "", ageOf(object, nowMs)],
  };
}
