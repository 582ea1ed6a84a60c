import type { JsonObject } from "@plumb/std";
import { without } from "../draft.ts";

/** `conditions` with `wanted` in place; the time moves when the status does. */
export function mergedConditions(conditions: readonly JsonObject[], wanted: readonly JsonObject[], now: string): readonly JsonObject[] {
  const result = [...conditions];
  for (const condition of wanted) {
    const at = result.findIndex((one) => one["type"] === condition["type"]);
    const before = result[at];
    const lastTransitionTime = before !== undefined && before["status"] === condition["status"] ? (before["lastTransitionTime"] ?? now) : now;
    const next = { lastTransitionTime, ...without(condition, "lastTransitionTime") };
    if (before === undefined) result.push(next);
    else result[at] = next;
  }
  return result;
}
