import { isObject, ToolkitError } from "@plumb/std";
import { processorMs } from "@plumb/std/testing";
import { describe, expect, it } from "vitest";
import { parseDocuments, parseNodes, parseOne, stringify, type YamlLimits } from "./index.ts";

function problemOf(work: () => unknown): ToolkitError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof ToolkitError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

describe("documents", () => {
  it("start at the line of their content, empty ones left out", () => {
    const text = "# head\n---\na: 1\n---\n---\n# only a comment\n---\n\nb: 2\n";
    expect(parseDocuments(text)).toStrictEqual([
      { value: { a: 1 }, line: 3 },
      { value: { b: 2 }, line: 9 },
    ]);
  });

  it("are read past a byte order mark and CRLF", () => {
    expect(parseDocuments(Buffer.from("\ufeffa: x\r\nb: |\r\n  one\r\n  two\r\n"))).toStrictEqual([{ value: { a: "x", b: "one\ntwo\n" }, line: 1 }]);
  });

  it("may be in UTF-16 behind a byte order mark, where separators are not found", () => {
    const little = Buffer.from("\ufeffa: é\r\n---\nb: 2\n", "utf16le");
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      expect(parseDocuments(bytes)).toStrictEqual([{ value: { a: "é" }, line: 1 }]);
      expect(parseOne(bytes, { dialect: "kubernetes" })).toStrictEqual({ a: "é" });
    }
    expect(() => parseDocuments(Buffer.from([0xff, 0xfe, 0x61]))).toThrow("invalid UTF-16LE");
  });

  it("may have CR LF anywhere, however long they are", () => {
    const words = Array.from({ length: 40_000 }, (_, i) => `word${i}`);
    expect(parseOne(`a: |\r\n${words.map((word) => `  ${word}\r\n`).join("")}`)).toStrictEqual({ a: `${words.join("\n")}\n` });
  });

  it("may be JSON, integers of 64 bits exact", () => {
    expect(parseDocuments('{"n": 9223372036854775807, "m": 18446744073709551615, "s": 9007199254740991}')).toStrictEqual([
      { value: { n: 9223372036854775807n, m: 18446744073709551615n, s: 9007199254740991 }, line: 1 },
    ]);
  });

  it("do not share anchors", () => {
    expect(problemOf(() => parseDocuments("a: &x 1\n---\nb: *x\n")).message).toBe("yaml: unknown anchor 'x' referenced (text:3:4)");
  });
});

const accepted: readonly (readonly [string, string, unknown])[] = [
  ["a flow list closed in the first column", "a: [\n  b,\n]\n", { a: ["b"] }],
  ["a quoted text that goes on in the first column", 'a: "b\nc"\n', { a: "b c" }],
  ["a merge key, the own value first", "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", { x: { a: 1, b: 2 }, y: { b: 3, a: 1 } }],
  ["a list of merges, the first one first", "x: &x {a: 1}\ny: &y {a: 2, c: 3}\nz: {<<: [*x, *y]}\n", { x: { a: 1 }, y: { a: 2, c: 3 }, z: { a: 1, c: 3 } }],
  ["a custom tag, as text", "a: !env HOME\n", { a: "HOME" }],
  ["a binary, decoded", "a: !!binary aGk=\n", { a: "hi" }],
  ["a key at the top that is a number, as it is written", "0x10: a\n", { "0x10": "a" }],
  ["keys of prototypes, as data", "__proto__: {a: 1}\nconstructor: {prototype: 2}\n", JSON.parse('{"__proto__": {"a": 1}, "constructor": {"prototype": 2}}')],
];

describe("kustomize reads", () => {
  it.each(accepted)("%s", (_, text, value) => {
    const read = parseOne(text);
    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

const refused: readonly (readonly [string, string, string])[] = [
  ["a key twice", "a: 1\nb: 2\na: 3\n", 'yaml: line 3: mapping key "a" already defined at line 1 (f.yaml:3)'],
  ["a tab for indentation", "a:\n\tb: 1\n", "yaml: line 2: found character that cannot start any token (f.yaml:2:1)"],
  ["a value in a place without one", "a: b: c\n", "yaml: mapping values are not allowed in this context (f.yaml:1:5)"],
  ["an open quote", "a: 'b\n", "yaml: line 2: found unexpected end of stream (f.yaml:2:1)"],
  ["an infinity", "a: .inf\n", "yaml: line 1: json: unsupported value: +Inf (f.yaml:1)"],
  ["a control character", "a: \u0000b\n", "yaml: control characters are not allowed (f.yaml:1:4)"],
  ["a list as a key", "? [a]\n: b\n", "yaml: line 1: invalid map key: a collection (f.yaml:1)"],
  [
    "a key further in that is no text",
    "a:\n  1: b\n",
    "yaml: line 2: json: unsupported type: map[interface {}]interface {}: a key that is no string (f.yaml:2)",
  ],
  ["something behind a separator", "a: 1\n--- b\nc: 2\n", "yaml: line 2: invalid document separator: --- b (f.yaml:2)"],
  ["an alias inside itself", "a: &a [*a]\n", "yaml: line 1: anchor 'a' value contains itself (f.yaml:1)"],
];

describe("kustomize refuses, with the place,", () => {
  it.each(refused)("%s", (_, text, message) => {
    const problem = problemOf(() => parseDocuments(text, { path: "f.yaml" }));
    expect(problem.message).toBe(message);
    expect(problem.kind).toBe("invalid");
  });
});

describe("the dialect of sigs.k8s.io/yaml", () => {
  it.each([
    ["# c\n\na:\n  b: 1\n d: 3\n", 4, 2],
    ["a:\n- b\n- c\n d: [\n1\n", 4, 4],
    ["a: 1\nb\nc: 1\n", 3, 2],
  ])("names the line that does not fit, the other that on which what it ends began: %j", (text, line, began) => {
    expect(() => parseOne(text, { dialect: "kubernetes" })).toThrow(`yaml: line ${line}: `);
    expect(() => parseOne(text)).toThrow(`yaml: line ${began}: `);
  });

  it("takes yes for true, leaves a date, lets the last of two keys count and turns keys into text", () => {
    expect(parseOne("a: yes\nb: 2020-01-01\nc: 1\nc: 2\nd: {1: x, true: w, 1.5: z}\n", { dialect: "kubernetes" })).toStrictEqual({
      a: true,
      b: "2020-01-01",
      c: 2,
      d: { 1: "x", true: "w", "1.5": "z" },
    });
    expect(() => parseOne("a: 1\na: 2\n", { dialect: "kubernetes", uniqueKeys: true })).toThrow('key "a" already defined');
  });
});

describe("bombs are refused within a second, naming the limit:", () => {
  const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`).join("\n");
  const bombs: readonly (readonly [string, string | Uint8Array, string])[] = [
    ["aliases", `l0: &l0 [x]\n${levels}`, "limit maxNodes"],
    ["many aliases", `a: &a x\nb: [${Array(2000).fill("*a").join(", ")}]\n`, "limit maxAliases"],
    [
      "merge keys",
      `m0: &m0 {a: b}\n${Array.from({ length: 30 }, (_, i) => `m${i + 1}: &m${i + 1} {<<: [*m${i}, *m${i}, *m${i}, *m${i}], k${i}: {<<: [*m${i}, *m${i}]}}`).join("\n")}`,
      "limit maxNodes",
    ],
    ["nesting in flow", "[".repeat(20_000), "limit maxDepth"],
    [
      "nesting in blocks",
      Array.from({ length: 20_000 }, (_, i) => `${" ".repeat(Math.min(i, 300))}- `)
        .join("")
        .slice(0, 60_000),
      "limit maxDepth",
    ],
    ["a text of 100 MB", Buffer.alloc(100 * 2 ** 20, 0x61), "limit maxBytes"],
  ];

  it.each(bombs)("%s", (_, text, limit) => {
    const before = processorMs();
    expect(problemOf(() => parseDocuments(text)).message).toContain(limit);
    expect(processorMs() - before).toBeLessThan(10_000);
  });

  const list = (count: number): string => `kind: List\nitems:\n${"- {a: [b, c]}\n".repeat(count)}`;
  const limited: readonly (readonly [string, string, Partial<YamlLimits>, string])[] = [
    ["a list", "- a\n- b\n- c\n", { maxEntries: 2 }, "line 3: document has more than 2 entries in one collection (limit maxEntries)"],
    ["a list in flow", "[a, b, c]", { maxEntries: 2 }, "limit maxEntries"],
    ["a list at the indentation of its key", "a:\n- b\n- c\n- d\n", { maxEntries: 2 }, "limit maxEntries"],
    ["a mapping", "a: 1\nb: 2\nc: 3\n", { maxEntries: 2 }, "limit maxEntries"],
    ["a mapping in flow", "{a, b: 1, c}", { maxEntries: 2 }, "limit maxEntries"],
    ["documents", "a: 1\n---\nb: 1\n---\nc: 1\n", { maxObjects: 2 }, "more than 2 objects (limit maxObjects)"],
    ["items of a List", list(3), { maxObjects: 2 }, "line 5: document has more than 2 objects (limit maxObjects)"],
    ["items before the kind", "items: [{}, {}, {}]\nkind: List\n", { maxObjects: 2 }, "limit maxObjects"],
    ["items of two Lists", `${list(2)}---\n${list(1)}`, { maxObjects: 2 }, "limit maxObjects"],
    ["a text", "a: 12345678", { maxObjectLength: 7 }, "a text of more than 7 characters (limit maxObjectLength)"],
    ["a text in lines", "a: |\n  1234\n  5678\n", { maxObjectLength: 7 }, "limit maxObjectLength"],
    ["an anchor", "&a2345678 b", { maxObjectLength: 7 }, "limit maxObjectLength"],
    ["texts of an object", "a: 1234\nb: 5678\n", { maxObjectLength: 8 }, "an object with more than 8 characters (limit maxObjectLength)"],
    ["values of an object", "[a, b, c]", { maxNodes: 3 }, "an object with more than 3 nodes (limit maxNodes)"],
  ];

  it.each(limited)("%s", (_, text, limits, message) => {
    expect(problemOf(() => parseDocuments(text, { limits })).message).toContain(message);
  });

  it("no others: each document and each item of a List counts for itself, and so do items of what is no List", () => {
    expect(parseDocuments("a: 1234\n---\nb: 5678\n", { limits: { maxObjectLength: 5, maxNodes: 3 } })).toHaveLength(2);
    expect(parseNodes(list(10), { limits: { maxObjectLength: 16, maxNodes: 11, maxEntries: 10, maxObjects: 10 } })).toHaveLength(1);
    expect(parseDocuments("kind: Menu\nitems: [a, b, c]\n", { limits: { maxObjects: 2 } })).toHaveLength(1);
  });

  it("invalid UTF-8 is refused", () => {
    expect(problemOf(() => parseDocuments(new Uint8Array([0x61, 0x3a, 0x20, 0xff]), { path: "f.yaml" })).message).toContain("f.yaml");
  });
});

describe("stringify", () => {
  it("sorts keys, numbers in them by value", () => {
    expect(stringify({ b: 1, a10: 2, a9: 3, A: [], _: {}, "1": null })).toBe('_: {}\n"1": null\nA: []\na9: 3\na10: 2\nb: 1\n');
  });

  it("leaves out what is undefined and keeps data called __proto__", () => {
    const value = parseOne("{__proto__: 1}");
    expect(isObject(value) && stringify({ ...value, gone: undefined })).toBe("__proto__: 1\n");
  });

  it("writes what it reads for every kind of root", () => {
    for (const value of [null, true, "x", "", "a\nb\n", 5n, [], {}, [[1], [{ a: [] }]]])
      expect(parseOne(stringify(value))).toStrictEqual(typeof value === "bigint" ? 5 : value);
  });

  it("refuses what JSON cannot hold", () => {
    expect(problemOf(() => stringify({ a: Number.NaN })).message).toBe("json: unsupported value: NaN");
  });
});
