import { ToolkitError } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkOut } from "./checkout.ts";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "./limits.ts";
import { serveTestRepository, type RawTreeEntry, type ServedRepository } from "./testing/index.ts";

const { signal } = new AbortController();
let served: ServedRepository;
let blob: string;

beforeAll(async () => {
  served = await serveTestRepository();
  blob = await served.repository.writeBlob("x");
});
afterAll(async () => served[Symbol.asyncDispose]());

async function walk(tree: string, limits: GitLimits = DEFAULT_GIT_LIMITS): Promise<readonly string[]> {
  const { repository, http, url } = served;
  const commit = await repository.writeCommit(tree, { message: "tree", parents: [] });
  await repository.setRef("refs/heads/main", commit);
  const checkout = await checkOut(http, { url, ref: { branch: "main" }, limits }, undefined, signal);
  return [...checkout.entries()].map(({ path }) => path);
}

async function refusal(tree: string, limits?: GitLimits): Promise<readonly string[]> {
  const thrown = await walk(tree, limits).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return thrown instanceof ToolkitError ? [thrown.kind, thrown.message] : [`not refused: ${String(thrown)}`];
}

describe("a tree", () => {
  const hostile: Readonly<Record<string, string | Buffer>> = {
    "the parent folder": "..",
    "the folder itself": ".",
    "no name": "",
    "a slash": "a/../../b",
    "Git's folder": ".git",
    "in capitals": ".GIT",
    "as Windows shortens it": "git~1",
    "with code points that macOS ignores": ".g\u200cit",
    "as a stream of Windows": ".git::$INDEX_ALLOCATION",
    "with dots that Windows cuts": ".git. . ",
    "behind a backslash": "a\\..\\b",
    "Git's folder behind a backslash": "a\\.GIT\\config",
    "bytes that are no UTF-8": Buffer.from([0x66, 0xff]),
  };
  it.each(Object.entries(hostile))("with a name that is %s is refused, naming the path", async (_, name) => {
    const inner = await served.repository.writeRawTree([{ mode: "100644", name, hash: blob }]);
    const [kind, message] = await refusal(await served.repository.writeRawTree([{ mode: "40000", name: "dir", hash: inner }]));
    expect(kind).toBe("invalid");
    expect(message).toContain(`refused path ${JSON.stringify(`dir/${name.toString()}`)}: `);
  });

  it.each([".gitignore", ".github", "git~2", ".gitmodules", "..a", "a..", "unit\\x2dname.service", "%2e%2e", "übung", "constructor", "__proto__"])(
    "may hold %s",
    async (name) => {
      expect(await walk(await served.repository.writeRawTree([{ mode: "100644", name, hash: blob }]))).toEqual([name]);
    },
  );

  it("that holds a name twice is refused, whatever the two are", async () => {
    const folder = await served.repository.writeRawTree([{ mode: "100644", name: "x", hash: blob }]);
    const pairs: readonly (readonly [string, string])[] = [
      ["100644", "100644"],
      ["40000", "100644"],
      ["120000", "40000"],
    ];
    for (const modes of pairs) {
      const entries: RawTreeEntry[] = modes.map((mode) => ({ mode, name: "twice", hash: mode === "40000" ? folder : blob }));
      expect(await refusal(await served.repository.writeRawTree(entries))).toEqual(["invalid", 'refused path "twice": it is in the tree twice']);
    }
  });

  it("with a mode that Git does not know is refused", async () => {
    const tree = await served.repository.writeRawTree([{ mode: "100001", name: "dev", hash: blob }]);
    expect(await refusal(tree)).toEqual(["invalid", 'refused path "dev": its mode 100001 is unknown']);
  });

  it("that multiplies itself level by level stops at the limit on entries", async () => {
    let tree = await served.repository.writeRawTree([{ mode: "100644", name: "x", hash: blob }]);
    for (let level = 0; level < 12; level++) {
      const hash = tree;
      tree = await served.repository.writeRawTree(Array.from({ length: 10 }, (_, index) => ({ mode: "40000", name: `d${index}`, hash })));
    }
    expect(await refusal(tree, { ...DEFAULT_GIT_LIMITS, entries: 1000 })).toEqual(["invalid", "the repository has more than 1000 files and directories"]);
  });

  it("that is nested without end is refused by the length of its path", async () => {
    let tree = await served.repository.writeRawTree([{ mode: "100644", name: "x", hash: blob }]);
    for (let level = 0; level < 25; level++) tree = await served.repository.writeRawTree([{ mode: "40000", name: "d".repeat(200), hash: tree }]);
    const [kind, message] = await refusal(tree);
    expect(kind).toBe("invalid");
    expect(message).toContain("it has more than 4096 bytes");
  });

  it("shows a submodule as an empty directory", async () => {
    const tree = await served.repository.writeRawTree([{ mode: "100644", name: "a", hash: blob }]);
    const { objects } = served.repository;
    const bytes = (await objects.read(tree))?.bytes ?? Buffer.alloc(0);
    const whole = await objects.write({ type: "tree", bytes: Buffer.concat([bytes, Buffer.from("160000 sub\0"), Buffer.alloc(20, 1)]) });
    expect(await walk(whole)).toEqual(["a", "sub"]);
  });
});
