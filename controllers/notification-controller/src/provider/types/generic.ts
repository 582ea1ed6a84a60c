import type { ToolkitEvent } from "@plumb/api";
import { compareText, stringifyJson } from "@plumb/std";
import { addressUrl } from "./address-url.ts";
import type { Message, Outgoing, ProviderSettings, ProviderType } from "./provider-type.ts";
import { verdictOfStatus } from "./verdict.ts";

/** Posts the event as it is to any web-hook. */
export const generic: ProviderType = {
  request: (message, settings) => forwarded(message, settings),
  verdict: verdictOfStatus,
};

/** The request both generic types make; the Secret's headers override ours, upper and lower case being one. Pure. */
export function forwarded({ event }: Message, { address, headers }: ProviderSettings): Outgoing {
  const custom = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    url: addressUrl(address),
    headers: { "content-type": "application/json", "gotk-component": event.reportingController, ...custom },
    body: stringifyJson(inFluxOrder(event)),
  };
}

/** The fields in the order in which Flux writes them, metadata by key. */
function inFluxOrder({ involvedObject, severity, timestamp, message, reason, metadata, reportingController, reportingInstance }: ToolkitEvent): ToolkitEvent {
  const { kind, namespace, name, ...rest } = involvedObject;
  const sorted = Object.fromEntries(Object.entries(metadata ?? {}).sort(([a], [b]) => compareText(a, b)));
  return {
    involvedObject: { kind, namespace, name, ...rest },
    severity,
    timestamp,
    message,
    reason,
    ...(Object.keys(sorted).length > 0 && { metadata: sorted }),
    reportingController,
    ...(reportingInstance !== undefined && { reportingInstance }),
  };
}
