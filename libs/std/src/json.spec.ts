import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, stringifyJson } from "./json.ts";
import type { JsonValue } from "./json-value.ts";

describe("parseJson", () => {
  it.each<[string, JsonValue]>([
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ['{"a":[18446744073709551615,1]}', { a: [18446744073709551615n, 1] }],
    ["0.1234567890123456789", Number("0.1234567890123456789")],
    ["1e16", 1e16],
    ["1234567890123456789.5", Number("1234567890123456789.5")],
    ['"12345678901234567890"', "12345678901234567890"],
    ["1.0", 1],
  ])("reads %s exactly", (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });
  it.each(['{"__proto__":{"isAdmin":true}}', '{"__proto__":{"isAdmin":true},"n":12345678901234567890}'])("takes a key __proto__ for a key: %s", (text) => {
    const parsed = parseJson(text);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.keys(parsed ?? {})[0]).toBe("__proto__");
    expect(parsed).not.toHaveProperty("isAdmin");
    expect(stringifyJson(parsed)).toBe(text);
  });
  it.each(["", "{", "{'a':1}", "[1,]", "01", "12345678901234567890x", "nul"])("refuses %o", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

describe("stringifyJson", () => {
  it("gives back what was read, whatever it is", () => {
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.string({ unit: "binary" }),
        fc.maxSafeInteger(),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .filter((number) => !Object.is(number, -0) && (!Number.isInteger(number) || Number.isSafeInteger(number))),
        fc.bigInt().filter((number) => !Number.isSafeInteger(Number(number))),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (json, indent) => {
        expect(parseJson(stringifyJson(json, indent))).toEqual(json);
      }),
    );
  });
  it("writes a long integer as a number, and leaves out what is undefined", () => {
    expect(stringifyJson({ a: 2n ** 63n, b: undefined })).toBe('{"a":9223372036854775808}');
  });
});
