import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactAddress, redactUrl, redactUrls } from "./redact.ts";

describe("redactUrls", () => {
  it.each([
    ["https://user:secret@git.example/app.git", "https://git.example/app.git"],
    ["https://token@git.example/app.git", "https://git.example/app.git"],
    ["ssh://git@git.example/app.git", "ssh://git.example/app.git"],
    ["cannot clone 'https://u:p@a.example/x' or https://u:p@b.example/y: no", "cannot clone 'https://a.example/x' or https://b.example/y: no"],
    ["https://hooks.example/x?token=abc&channel=ops", "https://hooks.example/x?token=REDACTED&channel=ops"],
    ["https://a.example/?X-Amz-Signature=abc&X-Amz-Credential=def&page=2", "https://a.example/?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED&page=2"],
    ["https://u:p@ss@a.example/x", "https://a.example/x"],
    ["-https://u:p@a.example/x", "-https://a.example/x"],
    ["https://a.example/?access_token=abc#part", "https://a.example/?access_token=REDACTED"],
    ["https://u:p%40ss@a.example/", "https://a.example/"],
    ["https://a.example/path@v1?x=1", "https://a.example/path@v1?x=1"],
    ["user@example.com wrote", "user@example.com wrote"],
    ["git@git.example:app.git", "git@git.example:app.git"],
    ["", ""],
  ])("shows %s as %s", (text, shown) => {
    expect(redactUrls(text)).toBe(shown);
  });
  it("lets no user name and no password through, whatever is in them and around them", () => {
    const anyWord = fc.stringMatching(/^[A-Za-z0-9._~!$&*+,;=:@%-]{1,20}$/).map((word) => `zq${word}zq`);
    fc.assert(
      fc.property(anyWord, anyWord, fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "(", "\n") }), (user, password, around) => {
        const shown = redactUrls(`${around}https://${user}:${password}@git.example/app${around}`);
        expect(shown).toBe(`${around}https://git.example/app${around}`);
      }),
    );
  });
  it("says the same of what it has cut already", () => {
    fc.assert(
      fc.property(fc.string(), fc.webUrl({ withQueryParameters: true }), (text, url) => {
        const once = redactUrls(`${text} ${url}`);
        expect(redactUrls(once)).toBe(once);
      }),
    );
  });
  it.each(["a:", "?", "&", "?a", "a.", "://", "://a", "?token", "a@"])("takes a time that grows as the text does, be it many times %s", (part) => {
    expect(redactUrls(`https://${part.repeat(200_000)}`).length).toBeGreaterThan(0);
  });
});

it.each([
  ["http://u:pa/ss@proxy.example:8080", "http://proxy.example:8080"],
  ["http://u:p?a#s@proxy.example:99999", "http://proxy.example:99999"],
  ["u:p@proxy.example:99999", "proxy.example:99999"],
  ["http//u:p@ss@proxy.example", "proxy.example"],
  ["//u:p@proxy.example", "proxy.example"],
  ["http://proxy.example:99999", "http://proxy.example:99999"],
  ["http://", "http://"],
  ["", ""],
])("shows %s, which is no address, as %s", (text, shown) => {
  expect(redactAddress(text)).toBe(shown);
});

it("redactUrl shows a URL without its credentials", () => {
  expect(redactUrl(new URL("https://u:p@a.example/x?key=abc"))).toBe("https://a.example/x?key=REDACTED");
});
