import type { ProviderSettings } from "./types/provider-type.ts";

/** A shorter text than this would be found everywhere. */
const MIN_SECRET = 4;

/** `text` without any credential of the Provider, the path of its address among them, in whatever form it may turn up. Pure. */
export function masked(text: string, { address, token, password, headers, proxy }: ProviderSettings): string {
  const url = URL.parse(address);
  const path = url === null ? "" : `${url.pathname}${url.search}`;
  const secrets = [address, path.length > 1 ? path : "", token, password, ...Object.values(headers), proxy?.authorization ?? ""];
  const forms = secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]);
  const host = url === null ? "*****" : `${url.protocol}//${url.host}/*****`;
  return [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .reduce((shown, form) => shown.replaceAll(form, form === address ? host : form === path ? "/*****" : "*****"), text);
}
