import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitCredentials, withoutSecrets } from "./credentials.ts";

describe("withoutSecrets", () => {
  it.each([
    ["body: s3cret-token", "body: *****"],
    ["cut off at s3cret-t, and again: s3cret-token!", "cut off at *****, and again: *****!"],
    ["nothing of it", "nothing of it"],
    ["s3cr is too little to tell", "s3cr is too little to tell"],
  ])("shows %s as %s", (text, shown) => {
    expect(withoutSecrets(text, ["s3cret-token"])).toBe(shown);
  });

  it("lets no password through that a server says back, as it is, encoded or in the header", () => {
    const anyPassword = fc.string({ minLength: 8, maxLength: 40, unit: "grapheme-ascii" });
    fc.assert(
      fc.property(anyPassword, (password) => {
        const { authorization = "", secrets } = splitCredentials("https://git.example/app", { kind: "basic", username: "zq", password });
        const said = [password, encodeURIComponent(password), JSON.stringify(password), authorization].map((form) => `<<${form}>>`).join(" ");
        const shown = withoutSecrets(said, secrets);
        expect([shown.includes(password), shown.includes(authorization.slice("Basic ".length))]).toEqual([false, false]);
      }),
    );
  });
});
