import type { Receiver } from "@plumb/api";
import { ToolkitError, toToolkitError } from "@plumb/std";
import { readSecret, type CanGet } from "../provider/secret-data.ts";
import { webhookPath } from "./webhook-path.ts";

/** A Receiver's Secret is asked for at most so often, however many requests come. */
const MIN_INTERVAL_MS = 1000;

/** Reads the token of a Receiver live. @throws {ToolkitError} `missing` or `invalid` where there is none; never with a value */
export async function readToken(client: CanGet, { metadata: { namespace = "" }, spec }: Receiver, signal: AbortSignal): Promise<string> {
  const secretName = spec.secretRef?.name ?? "";
  const secret = `${namespace}/${secretName}`;
  try {
    const data = await readSecret(client, namespace, secretName, signal);
    const token = data["token"];
    if (token !== undefined) return token;
  } catch (thrown) {
    const { kind, message, retryAfterMs } = toToolkitError(thrown);
    throw new ToolkitError(kind, `unable to read token from secret '${secret}' error: ${message}`, { cause: thrown, retryAfterMs });
  }
  throw new ToolkitError("invalid", `invalid '${secret}' secret data: required fields 'token'`);
}

/**
 * The tokens of Receivers as their paths prove them: a path is a hash of its token, so a token that gives the path in status
 * is the one that counts, and a flood of requests costs no API request.
 */
export class Tokens {
  readonly #client: CanGet;
  readonly #nowMs: () => number;
  /** By `namespace/name` of the Receiver. */
  readonly #known = new Map<string, { readonly path: string; readonly token: string }>();
  readonly #asked = new Map<string, { readonly atMs: number; readonly answer: Promise<string> }>();

  constructor(client: CanGet, nowMs: () => number) {
    this.#client = client;
    this.#nowMs = nowMs;
  }

  /** The token that the path in the Receiver's status was made of, or else the one its Secret holds. */
  async get(receiver: Receiver, signal: AbortSignal): Promise<string> {
    const key = keyOf(receiver);
    const known = this.#known.get(key);
    if (known !== undefined && known.path === receiver.status?.webhookPath) return known.token;
    const asked = this.#asked.get(key);
    if (asked !== undefined && this.#nowMs() - asked.atMs < MIN_INTERVAL_MS) return asked.answer;
    const answer = readToken(this.#client, receiver, signal);
    this.#asked.set(key, { atMs: this.#nowMs(), answer });
    const token = await answer;
    this.remember(receiver, token);
    return token;
  }

  remember(receiver: Receiver, token: string): void {
    this.#known.set(keyOf(receiver), { path: webhookPath(token, receiver), token });
  }

  /** @param key `namespace/name` */
  forget(key: string): void {
    this.#known.delete(key);
    this.#asked.delete(key);
  }
}

function keyOf({ metadata: { namespace = "", name } }: Receiver): string {
  return `${namespace}/${name}`;
}
