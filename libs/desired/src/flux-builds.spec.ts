import { readFileSync } from "node:fs";
import { MemoryFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { buildDesired, type BuildSpec } from "./index.ts";

interface Recorded {
  readonly files: Readonly<Record<string, string>>;
  readonly path: string;
  readonly spec: BuildSpec;
  readonly digest?: string;
  readonly error?: string;
}

const { signal } = new AbortController();
const recorded: readonly Recorded[] = JSON.parse(readFileSync(new URL("../testdata/flux-builds.json", import.meta.url), "utf8"));

describe("Flux's own build", () => {
  it("was recorded in both outcomes", () => {
    expect(recorded.filter(({ digest }) => digest !== undefined).length).toBeGreaterThan(30);
    expect(recorded.filter(({ error }) => error !== undefined).length).toBeGreaterThan(10);
  });

  it.each(recorded.map((each, index) => [index, each] as const))("number %i came to the same", async (_, { files, path, spec, digest, error }) => {
    const building = buildDesired({ ...spec, path }, { fileSystem: new MemoryFileSystem(files), signal });
    const outcome = await building.then(
      (built) => built.digest,
      (thrown: unknown) => thrown,
    );
    if (digest !== undefined) return expect(outcome).toBe(digest);
    expect(outcome, `Flux says: ${error}`).toBeInstanceOf(ToolkitError);
    return expect(outcome).toMatchObject({ kind: expect.stringMatching(/^(invalid|missing)$/) });
  });
});
