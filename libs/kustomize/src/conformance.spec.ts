import { existsSync, readFileSync, readdirSync } from "node:fs";
import { MemoryFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { parseDocuments } from "@plumb/yaml";
import { describe, expect, it } from "vitest";
import { build } from "./index.ts";

interface ConformanceCase {
  readonly root: string;
  readonly options: { readonly reorder: string; readonly loadRestrictions: string; readonly addManagedByLabel?: boolean };
  readonly files: Readonly<Record<string, string>>;
  readonly filesBase64?: Readonly<Record<string, string>>;
  readonly kind: "yaml" | "error";
  readonly expectedYaml?: string;
}

const CASES = new URL("../../../../shared/conformance/kustomize/cases/", import.meta.url);
const LISTED = new URL("./conformance-passing.txt", import.meta.url);
const isThere = existsSync(CASES);
if (!isThere) console.warn("NOT RUN: the conformance data is not beside the repository");
const names = isThere
  ? readdirSync(CASES)
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.replace(/\.json$/, ""))
  : [];
const listed = new Set(
  readFileSync(LISTED, "utf8")
    .split("\n")
    .filter((line) => line !== ""),
);

/** What kustomize calls itself in a test; the released binary says its version. */
const TEST_VERSION = "kustomize-(test)";

/** Stands for the folder that the case was written to; the file system has its own root. */
const withoutRoot = (text: string): string => text.replaceAll("$ROOT", "").replaceAll(TEST_VERSION, "kustomize-v5.8.1");

async function run(name: string): Promise<"passes" | string> {
  const test: ConformanceCase = JSON.parse(readFileSync(new URL(`${encodeURIComponent(name)}.json`, CASES), "utf8"));
  const fileSystem = new MemoryFileSystem();
  for (const [path, text] of Object.entries(test.files)) fileSystem.write(path.replace(/^\/+/, ""), Buffer.from(withoutRoot(text)));
  for (const [path, text] of Object.entries(test.filesBase64 ?? {})) fileSystem.write(path.replace(/^\/+/, ""), Buffer.from(text, "base64"));
  let text: string;
  try {
    const built = await build(test.root.replace(/^\/+/, "") || ".", {
      fileSystem,
      order: test.options.reorder === "none" ? "fifo" : "legacy",
      restriction: test.options.loadRestrictions === "none" ? "none" : "root-only",
      managedByLabel: test.options.addManagedByLabel === true,
      signal: AbortSignal.timeout(60_000),
    });
    text = built.text();
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError) || thrown.kind === "internal")
      return `threw no deliberate error: ${thrown instanceof Error ? (thrown.cause instanceof Error ? (thrown.cause.stack ?? "") : thrown.message) : String(thrown)}`;
    return test.kind === "error" ? "passes" : `was refused: ${thrown.message}`;
  }
  if (test.kind === "error") return `was built:\n${text}`;
  const expected = withoutRoot(test.expectedYaml ?? "");
  if (text.trim() === expected.trim()) return "passes";
  const isSame = JSON.stringify(documents(text)) === JSON.stringify(documents(expected));
  return isSame ? "passes" : `gave\n${text}\ninstead of\n${expected}`;
}

function documents(text: string): unknown {
  return parseDocuments(text).map(({ value }) => sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

describe.runIf(isThere)("a case from kustomize's own suite gives what kustomize gives", () => {
  it.each(names)("%s", async (name) => {
    const result = await run(name);
    if (listed.has(name)) expect(result).toBe("passes");
    else expect(result, `passes: add it to conformance-passing.txt`).not.toBe("passes");
  });
});
