import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findPeers } from "./build.ts";
import { fluxPrograms } from "./programs.ts";

const signal = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "plumb-peers-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

it("without Go there are none, and it says why", async () => {
  expect(await findPeers({ env: { PATH: folder }, onProgress: () => undefined }, signal)).toEqual({ kind: "absent", reason: "Go is not on the PATH" });
});

it("a module that is not the one that was released is not built", async () => {
  const bin = join(folder, "bin");
  await mkdir(bin);
  const answer = JSON.stringify({ Dir: folder, Sum: "h1:another" });
  await writeFile(join(bin, "go"), `#!/bin/sh\nif [ "$1" = env ]; then echo go1.0; else echo '${answer}'; fi\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: join(folder, "cache") };
  await expect(findPeers({ env, onProgress: () => undefined }, signal)).rejects.toThrow(/source-controller@v[\d.]+ is h1:another, not h1:/);
});

it("the source-controller is given a folder to store in and the address that it tells others", () => {
  const { args, command } = fluxPrograms("/peers");
  expect(command("source-controller")).toEqual(["/peers/source-controller"]);
  expect(args("source-controller", folder, { storage: "127.0.0.1:1" })).toEqual([
    "--storage-path",
    join(folder, "storage"),
    "--storage-adv-addr",
    "127.0.0.1:1",
  ]);
  expect(args("kustomize-controller", folder, {})).toEqual([]);
});
