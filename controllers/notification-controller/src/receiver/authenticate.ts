import { createHmac, timingSafeEqual } from "node:crypto";
import type { Receiver } from "@plumb/api";
import type { WebRequest } from "../web/web-server.ts";

type HookType = Receiver["spec"]["type"];

/** A web-hook request with its whole body. */
export interface Hook extends Pick<WebRequest, "headers"> {
  readonly body: Uint8Array;
}

/** Why a request is not admitted; undefined when it is (spec/flux-core 3.6). Pure, and in constant time for a given length. */
export function refusalOfHook(spec: Pick<Receiver["spec"], "type" | "events">, token: string, hook: Hook): string | undefined {
  const check = CHECKS[spec.type];
  return check === undefined ? `receiver type "${spec.type}" is not supported` : check(spec, token, hook);
}

type Check = (spec: Pick<Receiver["spec"], "type" | "events">, token: string, hook: Hook) => string | undefined;

/** The types that are built. */
const CHECKS: Readonly<Partial<Record<HookType, Check>>> = {
  generic: () => undefined,
  "generic-hmac": (_spec, token, hook) => refusalOfSignature(hook, "x-signature", token),
  github: (spec, token, hook) =>
    refusalOfPayload(hook) ?? refusalOfSignature(hook, githubHeader(hook), token) ?? refusalOfEvent(spec.events, hook.headers["x-github-event"], "GitHub"),
};

export const SUPPORTED_TYPES: readonly string[] = Object.keys(CHECKS);

const ALGORITHMS: readonly string[] = ["sha1", "sha256", "sha512"];

function githubHeader({ headers }: Hook): string {
  return headers["x-hub-signature-256"] === undefined ? "x-hub-signature" : "x-hub-signature-256";
}

/** `<algorithm>=<hex>` over the body, under the token. An empty token signs nothing. */
function refusalOfSignature({ headers, body }: Hook, header: string, token: string): string | undefined {
  const text = headers[header];
  if (typeof text !== "string" || text === "") return `the ${header} header is missing`;
  const [, algorithm = "", hex = ""] = /^(\w+)=([0-9a-fA-F]+)$/.exec(text) ?? [];
  if (!ALGORITHMS.includes(algorithm)) return `the ${header} header is not a signature`;
  if (token === "") return "the token is empty";
  const expected = createHmac(algorithm, token).update(body).digest();
  const given = Buffer.from(hex, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected) ? undefined : `the ${header} header does not match the body`;
}

/** GitHub sends JSON, or a form with JSON in its field `payload`. */
function refusalOfPayload({ headers, body }: Hook): string | undefined {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  switch (type.trim().toLowerCase()) {
    case "application/json":
      return undefined;
    case "application/x-www-form-urlencoded":
      return new URLSearchParams(Buffer.from(body).toString()).has("payload") ? undefined : "the form has no payload";
    default:
      return "the Content-Type is neither application/json nor application/x-www-form-urlencoded";
  }
}

function refusalOfEvent(allowed: readonly string[] | undefined, header: string | readonly string[] | undefined, name: string): string | undefined {
  const event = typeof header === "string" ? header : "";
  if (allowed === undefined || allowed.length === 0 || allowed.some((one) => one.toLowerCase() === event.toLowerCase())) return undefined;
  return `the ${name} event "${event.slice(0, 100)}" is not authorised`;
}
