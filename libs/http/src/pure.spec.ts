import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusalOf, OPEN_ADDRESS_RULES } from "./address-rules.ts";
import { parseProxy, proxyFromEnvironment } from "./proxy.ts";
import { redirected, type RedirectRule } from "./redirect.ts";
import { retryAfterMs } from "./retry-after.ts";

const { signal } = new AbortController();

describe("retryAfterMs", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  it.each([
    ["7", 7000],
    ["0", 0],
    [" 12 ", 12_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
    ["", undefined],
    ["soon", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["99999999999", undefined],
  ])("reads %j as %s", (text, expected) => {
    expect(retryAfterMs({ headers: { "retry-after": text } }, now)).toBe(expected);
  });
  it("says nothing where the header is missing", () => {
    expect(retryAfterMs({ headers: {} }, now)).toBeUndefined();
  });
});

describe("parseProxy", () => {
  it("takes the credential out of the address", () => {
    const proxy = parseProxy("http://me:p%40ss@proxy:3128");
    expect(proxy.url.href).toBe("http://proxy:3128/");
    expect(proxy.authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  });
  it("takes one that is not encoded as it should be as it is written", () => {
    expect(parseProxy("http://me:50%@proxy:3128").authorization).toBe(`Basic ${Buffer.from("me:50%").toString("base64")}`);
  });
  it("prefers the credential that is given", () => {
    expect(parseProxy("proxy:3128", { username: "a", password: "b" }).authorization).toBe(`Basic ${Buffer.from("a:b").toString("base64")}`);
  });
  it.each([
    ["socks5://proxy:1080", 'proxy scheme "socks5" is not supported: use http or https'],
    ["http://u:secret@", 'proxy address "http://" is not a URL'],
    ["u:secret@proxy:99999", 'proxy address "proxy:99999" is not a URL'],
    ["http://u:sec/ret@proxy", 'proxy address "http://proxy" is not a URL'],
    ["", 'proxy address "" is not a URL'],
  ])("refuses %s clearly", (address, message) => {
    expect(() => parseProxy(address)).toThrow(new ToolkitError("invalid", message));
  });
});

describe("proxyFromEnvironment", () => {
  const rule = proxyFromEnvironment({
    HTTP_PROXY: "http://plain:1",
    https_proxy: "http://secure:2",
    NO_PROXY: "internal.example, .only.example,10.0.0.0/8,192.0.2.7,ported:8080,*.star.example",
  });
  it.each([
    ["http://public.example/", "plain:1"],
    ["https://public.example/", "secure:2"],
    ["http://internal.example/", undefined],
    ["http://a.internal.example/", undefined],
    ["http://notinternal.example/", "plain:1"],
    ["http://only.example/", "plain:1"],
    ["http://a.only.example/", undefined],
    ["http://10.9.8.7/", undefined],
    ["http://11.0.0.1/", "plain:1"],
    ["http://192.0.2.7/", undefined],
    ["http://ported:8080/", undefined],
    ["http://ported/", "plain:1"],
    ["http://localhost/", undefined],
    ["https://127.0.0.1:6443/", undefined],
    ["https://[::1]/", undefined],
    ["http://a.star.example/", undefined],
  ])("sends %s to %s", (url, proxy) => {
    expect(rule(new URL(url))?.url.host).toBe(proxy);
  });
  it("exempts everything with *, and uses none where none is set", () => {
    expect(proxyFromEnvironment({ HTTP_PROXY: "p:1", NO_PROXY: "*" })(new URL("http://a/"))).toBeUndefined();
    expect(proxyFromEnvironment({})(new URL("http://a/"))).toBeUndefined();
  });
});

describe("redirected", () => {
  const from = (url: string, method = "GET"): Parameters<typeof redirected>[0] => ({
    method,
    url: new URL(url),
    signal,
    body: "x",
    headers: { authorization: "Bearer secret", "private-token": "secret", cookie: "secret", accept: "a", "content-type": "t" },
  });
  const to = (url: string, location: string, rule: RedirectRule = "same-host", status = 302): ReturnType<typeof redirected> =>
    redirected(from(url), status, location, rule);

  it("keeps every header on the same host", () => {
    expect(to("http://a/x/y", "../z?q")).toMatchObject({ url: new URL("http://a/z?q"), headers: { authorization: "Bearer secret", cookie: "secret" } });
  });
  it.each([
    ["http://a/", "http://b/"],
    ["http://a/", "http://a:81/"],
    ["http://a/", "http://a.b/"],
    ["https://a/", "https://b/"],
    ["http://a:8080/", "https://a/"],
  ])("refuses to go from %s to %s, and takes no credential along where that is allowed", (url, location) => {
    expect(() => to(url, location)).toThrow("is not allowed: it leads to another host");
    expect(to(url, location, "any-host")?.headers).toEqual({ accept: "a", "content-type": "t" });
  });
  it("takes no credential to another scheme of the same host", () => {
    expect(to("http://a/", "https://a/")?.headers).toEqual({ accept: "a", "content-type": "t" });
  });
  it.each(["same-host", "any-host"] as const)("never goes from https to http, nor to another scheme (%s)", (rule) => {
    expect(() => to("https://a/", "http://a/", rule)).toThrow("from https to http");
    expect(() => to("http://a/", "file:///etc/passwd", rule)).toThrow('unsupported protocol scheme "file"');
    expect(() => to("http://a/", "gopher://a/", rule)).toThrow("unsupported protocol scheme");
  });
  it("drops a credential that the location brings, and never shows one", () => {
    expect(to("http://a/", "http://u:p@a/x")?.url.href).toBe("http://a/x");
    expect(() => to("http://a/", "http://u:secret@b/?token=secret")).toThrow(/^(?!.*secret).*$/);
  });
  it.each([
    [301, "GET", undefined],
    [302, "GET", undefined],
    [303, "GET", undefined],
    [307, "POST", "x"],
    [308, "POST", "x"],
  ])("answers %i to a POST with %s", (status, method, body) => {
    const next = redirected(from("http://a/", "POST"), status, "/b", "same-host");
    expect([next?.method, next?.body, next?.headers?.["content-type"]]).toEqual([method, body, body === undefined ? undefined : "t"]);
  });
  it.each([200, 304, 300, 404])("is no redirect for %i", (status) => {
    expect(redirected(from("http://a/"), status, "/b", "same-host")).toBeUndefined();
  });
  it("gives the redirect as the answer where it has no location, or none may be followed", () => {
    expect(redirected(from("http://a/"), 302, undefined, "same-host")).toBeUndefined();
    expect(redirected(from("http://a/"), 302, "http://b/", "none")).toBeUndefined();
  });
  it("gives no credential to any host, scheme or port but its own, whatever the location", () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.webUrl(), fc.constantFrom<RedirectRule>("same-host", "any-host"), (a, b, rule) => {
        try {
          const next = to(a, b, rule);
          const hasSecret = JSON.stringify(next?.headers).includes("secret");
          expect(hasSecret).toBe(next?.url.origin === new URL(a).origin);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolkitError);
        }
      }),
    );
  });
});

describe("refusalOf", () => {
  it("answers for every address without throwing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(["string", "undefined"]).toContain(typeof refusalOf(address, OPEN_ADDRESS_RULES));
      }),
    );
  });
});
