import { basicAuthorization, userOf } from "@plumb/http";
import { ToolkitError, toToolkitError } from "@plumb/std";

/** How a request to a Git server proves who it is. */
export type GitCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** A remote's address without the user in it, and the credentials to use: those given, else the user of the address. */
export function splitCredentials(
  address: string,
  given: GitCredentials | undefined,
): { readonly url: URL; readonly authorization: string | undefined; readonly secrets: readonly string[] } {
  const url = new URL(address);
  const user = url.username === "" ? undefined : { kind: "basic" as const, ...userOf(url) };
  url.username = "";
  url.password = "";
  const credentials = given ?? user;
  const authorization = credentials === undefined ? undefined : header(credentials);
  return { url, authorization, secrets: credentials === undefined ? [] : [secretOf(credentials), authorization?.replace(/^\S+ /, "") ?? ""] };
}

/** Fewer characters would be found everywhere. */
const MIN_SHOWN = 5;

/** `text` without the secrets, in whatever form a server has said them back, and without the beginning of one that was cut off. Pure. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  return [...new Set(forms)].filter(({ length }) => length >= MIN_SHOWN).reduce(masked, text);
}

/** The failure of `work` without what a server may have said back of what it was sent. */
export async function discreetly<Value>(secrets: readonly string[], work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    const { kind, message, retryAfterMs } = toToolkitError(thrown);
    const shown = withoutSecrets(message, secrets);
    throw shown === message ? thrown : new ToolkitError(kind, shown, { retryAfterMs });
  }
}

function masked(text: string, secret: string): string {
  let shown = "";
  let from = 0;
  for (let at = text.indexOf(secret.slice(0, MIN_SHOWN)); at !== -1; at = text.indexOf(secret.slice(0, MIN_SHOWN), from)) {
    let length = MIN_SHOWN;
    while (length < secret.length && text[at + length] === secret[length]) length += 1;
    shown += `${text.slice(from, at)}*****`;
    from = at + length;
  }
  return shown + text.slice(from);
}

/** Whether what is meant for `home` may be shown to `url`, where a redirect led: the same host, and never in the clear instead of TLS. */
export function mayCarryCredentials(home: URL, url: URL): boolean {
  const isDowngrade = home.protocol === "https:" && url.protocol !== "https:";
  return home.hostname === url.hostname && home.port === url.port && !isDowngrade;
}

function secretOf(credentials: GitCredentials): string {
  return credentials.kind === "bearer" ? credentials.token : credentials.password;
}

function header(credentials: GitCredentials): string {
  return credentials.kind === "bearer" ? `Bearer ${credentials.token}` : basicAuthorization(credentials);
}
