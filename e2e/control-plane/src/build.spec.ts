import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import { withLock } from "./build-lock.ts";
import { findBinaries } from "./build.ts";

const signal = new AbortController().signal;
const silent = (): void => undefined;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "plumb-build-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

it("without Go and without given programs there is no control plane, and it says why", async () => {
  expect(await findBinaries({ env: { PATH: folder }, onProgress: silent }, signal)).toEqual({
    kind: "absent",
    reason: "Go is not on the PATH, and neither KUBEBUILDER_ASSETS nor KUBECONFIG is set",
  });
});

it("programs that are given are used as they are, and missing ones named", async () => {
  await Promise.all(["etcd", "kube-apiserver"].map((name) => writeFile(join(folder, name), "")));
  const env = { KUBEBUILDER_ASSETS: folder };
  expect(await findBinaries({ env, onProgress: silent }, signal)).toEqual({ kind: "absent", reason: `KUBEBUILDER_ASSETS (${folder}) lacks kubectl` });
  await writeFile(join(folder, "kubectl"), "");
  expect(await findBinaries({ env, onProgress: silent }, signal)).toEqual({ kind: "found", folder });
});

it("two that want the same lock take turns, also after one failed", async () => {
  const path = join(folder, "lock");
  const order: string[] = [];
  const { promise: secondWaits, resolve: onWait } = Promise.withResolvers<void>();
  const first = withLock(path, silent, signal, async () => {
    order.push("first in");
    await secondWaits;
    order.push("first out");
    throw new Error("broken");
  });
  await expect.poll(() => order.length).toBe(1);
  const second = withLock(path, onWait, signal, async () => void order.push("second in"));
  await expect(first).rejects.toThrow("broken");
  await second;
  expect(order).toEqual(["first in", "first out", "second in"]);
});

it("a lock whose holder was killed is taken over", async () => {
  const path = join(folder, "lock");
  await writeFile(path, "");
  await utimes(path, new Date(0), new Date(0));
  expect(await withLock(path, silent, signal, async () => "done")).toBe("done");
});
