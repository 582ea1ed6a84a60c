export { OPEN_ADDRESS_RULES, refusalOf, refusalOfHost, type AddressRules } from "./address-rules.ts";
export type { HttpClient, HttpRequest, HttpResponse } from "./http-client.ts";
export { requestName } from "./http-error.ts";
export { createHttpClient, type HttpClientOptions } from "./node-http-client.ts";
export { parseProxy, proxyFromEnvironment, type Proxy, type ProxyRule } from "./proxy.ts";
export { discard, readAll } from "./read-all.ts";
export type { RedirectRule } from "./redirect.ts";
export { retryAfterMs } from "./retry-after.ts";
export type { TlsOptions } from "./tls-options.ts";
