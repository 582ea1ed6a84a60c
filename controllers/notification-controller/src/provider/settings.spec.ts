import { describe, expect, it } from "vitest";
import { sampleProvider } from "../testing/samples.ts";
import { masked } from "./masked.ts";
import { providerSettings, readProviderSecrets, type ProviderSecrets } from "./settings.ts";

const nothing: ProviderSecrets = { auth: undefined, certificate: undefined, proxy: undefined };
const settings = (spec: Parameters<typeof sampleProvider>[0], secrets: Partial<ProviderSecrets> = {}): ReturnType<typeof providerSettings> =>
  providerSettings(sampleProvider(spec), { ...nothing, ...secrets });

describe("the settings of a Provider", () => {
  it("come from its spec", () => {
    expect(settings({ address: "https://a/b", channel: "ops", username: "bot", timeout: "1m" })).toEqual({
      address: "https://a/b",
      channel: "ops",
      username: "bot",
      password: "",
      token: "",
      headers: {},
      timeoutMs: 60_000,
      tls: undefined,
      proxy: undefined,
    });
    expect(settings({}).timeoutMs).toBe(15_000);
  });

  it("are overridden by its Secret", () => {
    const auth = { address: " https://secret/x\n", token: "t0ken\n", username: "u", password: "p", headers: "Authorization: Bearer x\nX-Number: '7'\n" };
    expect(settings({ address: "https://a/b", username: "bot" }, { auth })).toMatchObject({
      address: "https://secret/x",
      token: "t0ken",
      username: "u",
      password: "p",
      headers: { Authorization: "Bearer x", "X-Number": "7" },
    });
  });

  it("take a user name without a password for none", () => {
    expect(settings({ username: "bot" }, { auth: { username: "u" } })).toMatchObject({ username: "bot", password: "" });
  });

  it("prefer the standard TLS keys to the old ones, and trust a custom CA alone (C-031)", () => {
    expect(settings({}, { certificate: { "ca.crt": "new", caFile: "old", certFile: "c", keyFile: "k" } }).tls).toEqual({
      ca: "new",
      caMode: "alone",
      certificate: "c",
      key: "k",
    });
  });

  it("prefer proxySecretRef to the Secret's proxy to spec.proxy", () => {
    const proxy = { address: "http://three:3128", username: "u", password: "p" };
    const auth = { proxy: "http://two:3128" };
    const spec = { proxy: "http://one:3128" };
    expect(settings(spec, { auth, proxy }).proxy).toMatchObject({ url: new URL("http://three:3128"), authorization: expect.stringContaining("Basic ") });
    expect(settings(spec, { auth }).proxy?.url.host).toBe("two:3128");
    expect(settings(spec).proxy?.url.host).toBe("one:3128");
  });

  it.each([
    ["spec.serviceAccountName is not supported", { serviceAccountName: "x" }, {}],
    ["invalid address in secret: address exceeds maximum length of 2048 bytes", {}, { auth: { address: `https://${"a".repeat(2048)}` } }],
    ["failed to read headers from secret: not YAML", {}, { auth: { headers: "{ s3cret" } }],
    ["failed to read headers from secret: not a map", {}, { auth: { headers: "- s3cret" } }],
    ["failed to read headers from secret: the value of A is no header text", {}, { auth: { headers: "A: [s3cret]" } }],
    ["failed to read headers from secret: the value of A is no header text", {}, { auth: { headers: 'A: "s3cret\\r\\nInjected: x"' } }],
    ["failed to read headers from secret: a name is not that of a header", {}, { auth: { headers: '"s3cret x": a' } }],
    ["failed to get TLS config: tls.crt and tls.key must be given together", {}, { certificate: { "tls.crt": "s3cret" } }],
    ["failed to get TLS config: the secret has neither ca.crt nor tls.crt and tls.key", {}, { certificate: {} }],
    ["failed to get proxy URL: the secret has no address", {}, { proxy: {} }],
  ] as const)("are refused: %s", (message, spec, secrets) => {
    expect(() => settings(spec, secrets)).toThrow(message);
  });

  it("name the Secret that is missing", async () => {
    const client = { get: () => Promise.resolve(undefined) };
    await expect(readProviderSecrets(client, sampleProvider({ certSecretRef: { name: "tls" } }), new AbortController().signal)).rejects.toThrow(
      `failed to get secret 'team/tls': secrets "tls" not found`,
    );
  });
});

it("no credential survives masking, whichever way it is written", () => {
  const given = settings(
    { address: "https://hooks.slack.com/services/T0/B0/s3cretpath?key=s3cretquery" },
    {
      auth: { token: "t0ken-value", username: "u", password: "passw0rd", headers: "X-Api-Key: h3ader-value" },
      proxy: { address: "http://proxy:1", username: "u", password: "pr0xy" },
    },
  );
  const text = [
    'Post "https://hooks.slack.com/services/T0/B0/s3cretpath?key=s3cretquery": refused',
    "at /services/T0/B0/s3cretpath?key=s3cretquery",
    "t0ken-value",
    Buffer.from("t0ken-value").toString("base64"),
    encodeURIComponent("https://hooks.slack.com/services/T0/B0/s3cretpath?key=s3cretquery"),
    "passw0rd",
    "h3ader-value",
    given.proxy?.authorization,
  ].join(" | ");
  const shown = masked(text, given);
  for (const secret of ["s3cret", "t0ken", "passw0rd", "h3ader", Buffer.from("t0ken-value").toString("base64"), given.proxy?.authorization ?? ""])
    expect(shown).not.toContain(secret);
  expect(shown).toContain('Post "https://hooks.slack.com/*****": refused');
});
