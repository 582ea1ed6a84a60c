import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusalOfHook, type Hook } from "./authenticate.ts";

const body = Buffer.from('{"ref":"refs/heads/main"}');
const signature = (algorithm: string, token = "token", of: Uint8Array = body): string =>
  `${algorithm}=${createHmac(algorithm, token).update(of).digest("hex")}`;
const hook = (headers: Hook["headers"], of: Uint8Array = body): Hook => ({ headers, body: of });

it("generic admits whoever knows the path", () => {
  expect(refusalOfHook({ type: "generic" }, "token", hook({}))).toBeUndefined();
});

describe("generic-hmac", () => {
  const refusal = (given: string | undefined, token = "token"): string | undefined =>
    refusalOfHook({ type: "generic-hmac" }, token, hook(given === undefined ? {} : { "x-signature": given }));

  it.each(["sha1", "sha256", "sha512"])("admits a body signed by %s", (algorithm) => expect(refusal(signature(algorithm))).toBeUndefined());

  it.each([
    ["no signature", undefined],
    ["an empty one", ""],
    ["one of another token", signature("sha256", "other")],
    ["one of another body", signature("sha256", "token", Buffer.from("other"))],
    ["one that is cut off", signature("sha256").slice(0, -2)],
    ["one that is not hex", "sha256=zz"],
    ["a weak algorithm", signature("md5")],
    ["no algorithm", signature("sha256").slice(7)],
    ["two of them", `${signature("sha256")}, ${signature("sha256")}`],
  ])("refuses %s", (_, given) => expect(refusal(given)).toMatch(/^the x-signature header /));

  it("refuses everything under an empty token, also what is signed with it", () => {
    expect(refusal(signature("sha256", ""), "")).toBe("the token is empty");
  });

  it("admits no other signature, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^sha(1|256|512)=[0-9a-f]*$/)), (given) => {
        expect(refusal(given)).toBeDefined();
      }),
    );
  });
});

describe("github", () => {
  const json = { "content-type": "application/json", "x-github-event": "push", "x-hub-signature-256": signature("sha256") };
  const refusal = (headers: Hook["headers"], events?: readonly string[], of: Uint8Array = body): string | undefined =>
    refusalOfHook({ type: "github", ...(events !== undefined && { events }) }, "token", hook(headers, of));

  it("admits JSON under either header, and a form", () => {
    expect(refusal(json)).toBeUndefined();
    expect(refusal({ ...json, "x-hub-signature-256": undefined, "x-hub-signature": signature("sha1") })).toBeUndefined();
    const form = Buffer.from(`payload=${encodeURIComponent(body.toString())}`);
    expect(
      refusal(
        { "content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-hub-signature-256": signature("sha256", "token", form) },
        undefined,
        form,
      ),
    ).toBeUndefined();
  });

  it("does not fall back to the weaker header when the stronger one is wrong", () => {
    expect(refusal({ ...json, "x-hub-signature-256": signature("sha256", "other"), "x-hub-signature": signature("sha1") })).toBeDefined();
  });

  it.each([
    ["a body of another type", { ...json, "content-type": "text/plain" }],
    ["a body of no type", { ...json, "content-type": undefined }],
    ["a form without a payload", { ...json, "content-type": "application/x-www-form-urlencoded" }],
    ["no signature", { ...json, "x-hub-signature-256": undefined }],
  ])("refuses %s", (_, headers) => expect(refusal(headers)).toBeDefined());

  it("admits only the events it names, upper and lower case being one", () => {
    expect(refusal(json, ["PING", "Push"])).toBeUndefined();
    expect(refusal(json, [])).toBeUndefined();
    expect(refusal(json, ["ping"])).toBe('the GitHub event "push" is not authorised');
    expect(refusal({ ...json, "x-github-event": undefined }, ["ping"])).toBe('the GitHub event "" is not authorised');
  });
});

it("a type that is not built admits nobody", () => {
  expect(refusalOfHook({ type: "gitlab" }, "token", hook({ "x-gitlab-token": "token" }))).toBe('receiver type "gitlab" is not supported');
});
