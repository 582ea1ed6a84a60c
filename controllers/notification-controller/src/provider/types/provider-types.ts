import { genericHmac } from "./generic-hmac.ts";
import { generic } from "./generic.ts";
import type { ProviderType } from "./provider-type.ts";
import { slack } from "./slack.ts";

const TYPES: Readonly<Record<string, ProviderType>> = { generic, "generic-hmac": genericHmac, slack };

/** The type by its name; undefined for one that is not built. */
export function providerType(name: string): ProviderType | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

/** True for the types that forward every event as it is, commit statuses included (N-014). */
export function isGeneric(name: string): boolean {
  return name === "generic" || name === "generic-hmac";
}
