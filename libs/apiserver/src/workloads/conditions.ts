import type { JsonObject } from "@plumb/std";
import { objectsAt, textAt } from "../draft.ts";

export interface WantedCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}

/** The conditions of a workload with `wanted` in place; times move as the status and the words do. */
export function conditionsWith(object: JsonObject, wanted: readonly WantedCondition[], now: string, hasUpdateTime: boolean): readonly JsonObject[] {
  const before = objectsAt(object, "status", "conditions");
  const others = before.filter((one) => !wanted.some(({ type }) => type === textAt(one, "type")));
  return [
    ...others,
    ...wanted.map((condition) =>
      timed(
        condition,
        before.find((one) => textAt(one, "type") === condition.type),
        now,
        hasUpdateTime,
      ),
    ),
  ];
}

function timed(condition: WantedCondition, before: JsonObject | undefined, now: string, hasUpdateTime: boolean): JsonObject {
  const isSame = textAt(before, "status") === condition.status;
  const saysSame = isSame && textAt(before, "reason") === condition.reason && textAt(before, "message") === condition.message;
  return {
    ...condition,
    lastTransitionTime: isSame ? (textAt(before, "lastTransitionTime") ?? now) : now,
    ...(hasUpdateTime ? { lastUpdateTime: saysSame ? (textAt(before, "lastUpdateTime") ?? now) : now } : {}),
  };
}

export function isTrue(object: JsonObject, type: string): boolean {
  return objectsAt(object, "status", "conditions").some((one) => textAt(one, "type") === type && textAt(one, "status") === "True");
}
