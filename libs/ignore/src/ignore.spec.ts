import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob, matchesGlob } from "./glob.ts";
import { createMatcher, readPatterns, sourceIgnore } from "./source-ignore.ts";
import { parsePattern } from "./pattern.ts";

type Vector = readonly [patterns: readonly string[], domain: string, path: string, isDirectory: boolean, isIgnored: boolean];

describe("go-git's matcher", () => {
  const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL("../testdata/go-git.json", import.meta.url), "utf8"));

  it("said the same about every recorded case", () => {
    expect(vectors.length).toBeGreaterThan(400);
    for (const [patterns, domain, path, isDirectory, isIgnored] of vectors) {
      const names = domain === "" ? [] : domain.split("/");
      const matches = createMatcher(patterns.map((pattern) => parsePattern(pattern, names)));
      expect([patterns, domain, path, isDirectory, matches(path, isDirectory)]).toEqual([patterns, domain, path, isDirectory, isIgnored]);
    }
  });
});

describe("createMatcher", () => {
  it.each<[string, string, boolean]>([
    ["foo", "foo", true],
    ["foo", "a/foo", true],
    ["foo", "foo/bar", true],
    ["foo", "foobar", false],
    ["/foo", "foo", true],
    ["/foo", "a/foo", false],
    ["/foo", "foo/bar", true],
    ["a/b", "a/b", true],
    ["a/b", "x/a/b", false],
    ["foo/", "foo", false],
    ["foo/", "foo/bar", true],
    ["*.yml", "a/b.yml", true],
    ["*.yml", ".yml", true],
    ["*", "anything/at/all", true],
    ["**/foo", "a/b/foo", true],
    ["a/**", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/b", true],
    ["fo\\*", "fo*", true],
    ["fo\\*", "foo", false],
    ["\\#a", "#a", true],
    ["\\!a", "!a", true],
    ["a ", "a", true],
    ["a\\ ", "a ", true],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["[a", "[a", false],
  ])("by %j a file %s: %s", (pattern, path, isIgnored) => {
    expect(createMatcher(readPatterns(pattern))(path, false)).toBe(isIgnored);
  });

  it("lets the last pattern that says something decide, also below a folder that is left out", () => {
    const isIgnored = createMatcher(readPatterns("*\n!keep\n"));
    expect(["x", "keep", "out/keep", "keep/x"].map((path) => isIgnored(path, false))).toEqual([true, false, false, false]);
  });

  it("matches a folder only where only folders are meant", () => {
    const isIgnored = createMatcher(readPatterns("build/"));
    expect([isIgnored("build", true), isIgnored("build", false), isIgnored("a/build", true)]).toEqual([true, false, true]);
  });
});

describe("readPatterns", () => {
  it("skips comments and blank lines, and reads CRLF", () => {
    expect(readPatterns("# no\r\n\r\n   \r\nfoo\r\n #bar\n")).toHaveLength(2);
    expect(createMatcher(readPatterns("foo\r\n"))("foo", false)).toBe(true);
    expect(createMatcher(readPatterns(" #bar"))(" #bar", false)).toBe(true);
  });
});

describe("sourceIgnore", () => {
  const ignored = (isIgnored: (path: string, isDirectory: boolean) => boolean, paths: readonly string[]): readonly string[] =>
    paths.filter((path) => isIgnored(path, false));

  it("leaves out version control, media, CI and tool files where nobody says anything", () => {
    const paths = [
      ".git/config",
      ".gitignore",
      "a/.gitmodules",
      ".gitattributes",
      "x.jpg",
      "a/x.tar.gz",
      "x.zip",
      ".github/workflows/x.yaml",
      ".circleci/config.yml",
      ".travis.yml",
      "a/.sops.yaml",
      ".goreleaser.yml",
      "deploy.yaml",
      "a/deploy.yaml",
      "x.tgz",
      ".sourceignore",
      "a/.github",
      "JPG",
      "x.JPG",
    ];
    expect(paths.filter((path) => !sourceIgnore([])(path, false))).toEqual([
      "deploy.yaml",
      "a/deploy.yaml",
      "x.tgz",
      ".sourceignore",
      "a/.github",
      "JPG",
      "x.JPG",
    ]);
  });

  it("drops the defaults, but not version control, as soon as there is one pattern", () => {
    const paths = ["x.jpg", ".gitignore", "docs/x"];
    expect(ignored(sourceIgnore([], "docs/"), paths)).toEqual([".gitignore", "docs/x"]);
    expect(ignored(sourceIgnore([{ folder: "", text: "docs/" }]), paths)).toEqual([".gitignore", "docs/x"]);
    expect(ignored(sourceIgnore([{ folder: "", text: "# nothing\n" }], "\n# nothing\n"), paths)).toEqual(["x.jpg", ".gitignore"]);
  });

  it("counts a file's rules below its folder only", () => {
    const isIgnored = sourceIgnore([{ folder: "a/b", text: "/x\n*.txt" }]);
    expect(ignored(isIgnored, ["x", "a/x", "a/b/x", "a/b/c/x", "n.txt", "a/b/c/n.txt", "a/bb/n.txt"])).toEqual(["a/b/x", "a/b/c/n.txt"]);
  });

  it("lets the deeper file and then the spec have the last word, in whatever order the files come", () => {
    const files = [
      { folder: "a", text: "!x.yaml" },
      { folder: "", text: "*.yaml" },
      { folder: "a/b", text: "x.yaml" },
    ];
    for (const given of [files, files.toReversed()]) {
      expect(ignored(sourceIgnore(given), ["x.yaml", "a/x.yaml", "a/b/x.yaml"])).toEqual(["x.yaml", "a/b/x.yaml"]);
      expect(ignored(sourceIgnore(given, "!/a/b/x.yaml"), ["x.yaml", "a/x.yaml", "a/b/x.yaml"])).toEqual(["x.yaml"]);
    }
  });

  it("takes a single file in: everything out but what the spec names", () => {
    const isIgnored = sourceIgnore([], "/*\n!/deploy\n");
    expect(ignored(isIgnored, ["README.md", "deploy", "deploy/x.yaml", "src/deploy/x.yaml"])).toEqual(["README.md", "src/deploy/x.yaml"]);
  });

  it("does not read rules from a .git folder", () => {
    expect(sourceIgnore([{ folder: ".git/hooks", text: "*" }])("x.jpg", false)).toBe(true);
  });
});

describe("globs", () => {
  it("agree with a plain definition of star and question mark", () => {
    const chars = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 7 });
    fc.assert(
      fc.property(pattern, chars, (glob, name) => {
        const expression = new RegExp(`^${glob.replaceAll("?", ".").replace(/\*+/g, ".*")}$`);
        expect(matchesGlob(compileGlob(glob), name)).toBe(expression.test(name));
      }),
      { numRuns: 2000 },
    );
  });

  it("take no longer than the product of both lengths for what stops a backtracking engine", () => {
    expect(matchesGlob(compileGlob(`${"*a".repeat(2000)}b`), "a".repeat(4000))).toBe(false);
  });
});
