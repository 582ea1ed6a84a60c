import { describe, expect, it } from "vitest";
import { parseFlags } from "./flags.ts";

describe("parseFlags", () => {
  const types = { "no-cross-namespace-refs": "boolean", wait: "boolean", v: "int", path: "string", delay: "duration", manager: "stringList" } as const;
  it.each<[string, object, string[]?]>([
    ["", {}],
    ["--wait", { wait: true }],
    ["--wait=true --wait=false", { wait: false }],
    ["--wait=1", { wait: true }],
    ["--wait=t", { wait: true }],
    ["--wait=TRUE", { wait: true }],
    ["--wait=0", { wait: false }],
    ["--wait=F", { wait: false }],
    ["--wait=FALSE", { wait: false }],
    ["--no-cross-namespace-refs", { "no-cross-namespace-refs": true }],
    ["--no-cross-namespace-refs=false", { "no-cross-namespace-refs": false }],
    ["--wait false", { wait: true }, ["false"]],
    ["-v 2", { v: 2 }],
    ["-v=2", { v: 2 }],
    ["--v -2", { v: -2 }],
    ["--path=a=b", { path: "a=b" }],
    ["--path=", { path: "" }],
    ["--path --wait", { path: "--wait" }],
    ["--path a --path b", { path: "b" }],
    ["--delay=1h30m", { delay: 5_400_000 }],
    ["--manager a,b --manager=c", { manager: ["a", "b", "c"] }],
    ["--manager=", { manager: [] }],
    ["a --wait -- --path b", { wait: true }, ["a", "--path", "b"]],
    ["-", {}, ["-"]],
  ])("%s", (line, flags, rest = []) => {
    expect(parseFlags(types, line === "" ? [] : line.split(" "))).toEqual({ flags, rest });
  });
  it.each([
    ["--absent", "unknown flag: --absent"],
    ["--cross-namespace-refs", "unknown flag: --cross-namespace-refs"],
    ["--no-wait", "unknown flag: --no-wait"],
    ["--constructor=x", "unknown flag: --constructor"],
    ["-x", "unknown flag: -x"],
    ["---wait", "unknown flag: ---wait"],
    ["--=x", "unknown flag: --"],
    ["--help", "the flags are --delay=duration, --manager=stringList, --no-cross-namespace-refs, --path=string, --v=int, --wait"],
    ["-h", "the flags are --delay=duration, --manager=stringList, --no-cross-namespace-refs, --path=string, --v=int, --wait"],
    ["--path", "flag needs an argument: --path"],
    ["-v", "flag needs an argument: --v"],
    ["--wait=yes", 'invalid argument "yes" for "--wait" flag: not of type boolean'],
    ["--wait=", 'invalid argument "" for "--wait" flag: not of type boolean'],
    ["--v=two", 'invalid argument "two" for "--v" flag: not of type int'],
    ["--v=1.5", 'invalid argument "1.5" for "--v" flag: not of type int'],
    ["--v=010", 'invalid argument "010" for "--v" flag: not of type int'],
    ["--v=9007199254740993", 'invalid argument "9007199254740993" for "--v" flag: not of type int'],
    ["--delay=5", 'invalid argument "5" for "--delay" flag: not of type duration'],
    ["--v=x --v=1", 'invalid argument "x" for "--v" flag: not of type int'],
  ])("refuses %s", (line, message) => {
    expect(() => parseFlags(types, line.split(" "))).toThrow(expect.objectContaining({ kind: "invalid", message }));
  });
});
