import type { Alert, ToolkitEvent } from "@plumb/api";
import { isObject, parseJson, stringifyJson } from "@plumb/std";

/** One event on its way to the Provider of one Alert. */
export interface Delivery {
  readonly event: ToolkitEvent;
  readonly alert: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Name of the Provider, in the Alert's namespace. */
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly acceptedMs: number;
}

/** Reason of the warning about a message that did not get through (N-017). */
export const DISPATCH_FAILED = "NotificationDispatchFailed";

/** What came of one try. */
export type Attempt =
  | { readonly kind: "delivered" }
  /** Nobody wants it any more. */
  | { readonly kind: "obsolete"; readonly because: string }
  /** It will never be taken. */
  | { readonly kind: "refused"; readonly reason: string; readonly message: string }
  /** It may be taken later; `isOutage` tells a service that is away from a configuration that is wrong. */
  | { readonly kind: "failed"; readonly message: string; readonly isOutage: boolean; readonly retryAfterMs?: number | undefined };

export function deliveryOf(event: ToolkitEvent, alert: Alert, nowMs: number): Delivery {
  const { namespace = "", name, uid } = alert.metadata;
  return { event, alert: { namespace, name, uid }, provider: alert.spec.providerRef.name, acceptedMs: nowMs };
}

export function encodeDelivery(delivery: Delivery): Uint8Array {
  return Buffer.from(stringifyJson(delivery));
}

/** Reads back what `encodeDelivery` wrote; undefined for anything else. */
export function decodeDelivery(bytes: Uint8Array): Delivery | undefined {
  try {
    const value = parseJson(new TextDecoder().decode(bytes));
    const isDelivery =
      isObject(value) &&
      isObject(value["event"]) &&
      isObject(value["event"]["involvedObject"]) &&
      isObject(value["alert"]) &&
      typeof value["provider"] === "string" &&
      typeof value["acceptedMs"] === "number";
    return isDelivery ? (value as unknown as Delivery) : undefined; // why: looked at above, and written by this file alone
  } catch {
    return undefined;
  }
}
