/** Up to the last `@` before the path, for a password may hold one. Both expressions start at a character they cannot pass again: linear. */
const USER_INFO = /:\/\/[^\s/?#'"]*@/g;
const PARAMETER = /([?&])([^?=&\s'"]*)=[^&\s'"]+/g;
const CREDENTIAL = /token|secret|password|signature|sig|key|auth|credential/i;

/** Cuts user names, passwords and credential-like query values out of every URL in `text`. */
export function redactUrls(text: string): string {
  return text.replace(USER_INFO, "://").replace(PARAMETER, (whole, mark: string, name: string) => (CREDENTIAL.test(name) ? `${mark}${name}=REDACTED` : whole));
}

/** A URL as it may be shown. */
export function redactUrl(url: URL): string {
  return redactUrls(url.href);
}

/** What was meant as the address of a server and cannot be read as one, as it may be shown: nothing before its last `@`, wherever a password begins. */
export function redactAddress(text: string): string {
  return redactUrls(text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1"));
}
