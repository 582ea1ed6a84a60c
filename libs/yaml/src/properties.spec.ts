import { goJsonNumber, parseOne, stringify } from "./index.ts";
import fc from "fast-check";
import { expect, it } from "vitest";

const anyText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("a", " ", "\n", ":", "#", "-", "'", '"', "é", "\t", "1", "{", ",") }),
);
/** Go reads neither what is no character nor NEL inside JSON text. */
const isReadable = (text: string): boolean => !/[\u007f-\u009f\ufffe\uffff]/.test(text) && text.isWellFormed();
const text = anyText.filter(isReadable);
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }));

const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, fc.constant(null), fc.boolean(), number, text, tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(text, tie("value"), { maxKeys: 4 }),
}));

/** As a number is after Go has written it as JSON and read it again. */
function throughGo(given: unknown): unknown {
  if (typeof given === "bigint") return Number.isSafeInteger(Number(given)) ? Number(given) : given;
  if (typeof given === "number") {
    const json = goJsonNumber(given);
    return /^-?\d+$/.test(json) && inRange(BigInt(json)) ? throughGo(BigInt(json)) : given;
  }
  if (Array.isArray(given)) return given.map(throughGo);
  if (given === null || typeof given !== "object") return given;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(given))
    Object.defineProperty(result, key, { value: throughGo(item), enumerable: true, configurable: true, writable: true });
  return result;
}

const inRange = (whole: bigint): boolean => whole >= -(2n ** 63n) && whole < 2n ** 64n;

it("reads back every value that it writes", () => {
  fc.assert(
    fc.property(value, (given) => {
      // why: the arbitrary makes nothing but JSON values
      expect(parseOne(stringify(given as never))).toStrictEqual(throughGo(given));
    }),
    { numRuns: 2000 },
  );
});

it("writes the same text again from what it has read", () => {
  fc.assert(
    fc.property(value, (given) => {
      // why: the arbitrary makes nothing but JSON values
      const once = stringify(given as never);
      expect(stringify(parseOne(once))).toBe(once);
    }),
    { numRuns: 1000 },
  );
});

it("never throws anything but a deliberate error, whatever the text", () => {
  const anything = fc.string({
    unit: fc.constantFrom("a", "b", " ", "\n", ":", "- ", "#", "[", "]", "{", "}", ",", "'", '"', "&x", "*x", "|", ">", "!", "\t", "---", "%", "?", "\\"),
  });
  fc.assert(
    fc.property(anything, (source) => {
      try {
        parseOne(source);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: "ToolkitError", kind: "invalid" });
      }
    }),
    { numRuns: 5000 },
  );
});
