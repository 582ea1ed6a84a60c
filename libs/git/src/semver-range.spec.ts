import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSemverRange, versionOf } from "./semver-range.ts";

function matches(range: string, tag: string): boolean {
  const version = versionOf(tag);
  if (version === undefined) throw new Error(`${tag} is no version`);
  return parseSemverRange(range)(version);
}

describe("a range of versions", () => {
  // Answers of Masterminds/semver v3.
  const table: readonly (readonly [range: string, inside: string, outside: string])[] = [
    ["*", "0.0.1 1.2.3 v9.9.9", "1.0.0-rc.1"],
    ["", "", ""],
    ["1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.4"],
    ["=1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"],
    ["1.x", "1.0.0 1.9.9", "2.0.0 0.9.0"],
    ["1", "1.0.0 1.9.9", "2.0.0"],
    [">=1.0, <2.0", "1.0.0 1.9.9", "2.0.0 0.9.9"],
    [">=1.0 <2.0", "1.0.0 1.9.9", "2.0.0 0.9.9"],
    [">=1.0 , <2.0", "1.0.0", "2.0.0"],
    ["=> 1.0.0", "1.0.0 2.0.0", "0.9.0"],
    ["=<1.5.0", "1.5.0", "1.5.1"],
    [">11", "12.0.0", "11.0.0 11.1.0"],
    [">11.1", "11.2.0 12.0.0", "11.1.0 11.1.9"],
    [">1.2.3", "1.2.4", "1.2.3"],
    ["<=11", "11.9.9 1.0.0", "12.0.0"],
    ["<=11.1", "11.1.9", "11.2.0"],
    ["<2", "1.9.9", "2.0.0"],
    ["!=4.1", "4.0.0 4.2.0", "4.1.0 4.1.7"],
    ["!=4", "5.0.0", "4.1.0"],
    ["!=4.1.2", "4.1.3", "4.1.2"],
    ["~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"],
    ["~1", "1.0.0 1.9.9", "2.0.0"],
    ["~>1.2", "1.2.0 1.2.9", "1.3.0"],
    ["~0.0.0", "0.0.0 7.1.0", ""],
    ["^1.2.3", "1.2.3 1.9.9", "2.0.0 1.2.2"],
    ["^0.2.3", "0.2.3 0.2.9", "0.3.0"],
    ["^0.0.3", "0.0.3", "0.0.4"],
    ["^0.0", "0.0.9", "0.1.0"],
    ["^0", "0.9.9", "1.0.0"],
    ["1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9"],
    ["1.0.0 - 2", "2.9.9", "3.0.0"],
    ["<1.0.0 || >=2.0.0", "0.9.0 2.1.0", "1.5.0"],
    [">=1.0.0-0", "1.0.0 1.1.0-beta.2 2.0.0-rc.1", "0.9.0"],
    [">=1.0.0-rc.1 <2.0.0", "1.0.0-rc.2 1.1.0-alpha", "1.0.0-beta 2.0.0"],
    [">=1.0.0", "1.0.0", "1.1.0-beta"],
    ["v1.2.X", "1.2.5", "1.3.0"],
  ];
  it.each(table.filter(([range]) => range !== ""))("%s holds %s and not %s", (range, inside, outside) => {
    const all = [...inside.split(" "), ...outside.split(" ")].filter((tag) => tag !== "");
    expect(all.filter((tag) => matches(range, tag))).toEqual(inside.split(" ").filter((tag) => tag !== ""));
  });

  it.each(["", " ", "latest", ">=", ">=1.0.0<2.0.0", "1.2.3.4", "1.0.0 ||", "a || 1", ">>1", "1,"])("%j is refused, quoted", (range) => {
    expect(() => parseSemverRange(range)).toThrow(`semver parse error: improper constraint: `);
  });

  it("is read or refused in a moment, whatever it says", () => {
    const piece = fc.constantFrom("1", ".", "x", "*", "-", " ", ",", "|", "||", ">", "=", "~", "^", "v", "0", "rc", "+", "!=");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
        try {
          parseSemverRange(pieces.join(""));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolkitError);
        }
      }),
    );
    expect(() => parseSemverRange("1".repeat(100_000))).toThrow("improper constraint");
  });
});

describe("a tag", () => {
  it.each(["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+a"])("%s is a version", (tag) => expect(versionOf(tag)).toBeDefined());
  it.each(["1.2", "v1", "release-1.2.3", "V1.2.3", "vv1.2.3", "1.2.3.4", "01.2.3", ""])("%j is none", (tag) => expect(versionOf(tag)).toBeUndefined());
});
