const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@'"]*@/gi;
const QUERY = /([?&](?:[^=&\s'"]*(?:token|secret|password|signature|sig|key|auth|credential)[^=&\s'"]*)=)[^&\s'"]+/gi;

/** Cuts user names, passwords and credential-like query values out of every URL in `text`. */
export function redactUrls(text: string): string {
  return text.replace(USER_INFO, "$1").replace(QUERY, "$1REDACTED");
}

/** A URL as it may be shown. */
export function redactUrl(url: URL): string {
  return redactUrls(url.href);
}
