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
