import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Spool } from "./spool.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-spool-"));
afterAll(() => rmSync(base, { recursive: true }));
const newRoot = (): string => mkdtempSync(join(base, "case-"));
const LIMITS = { maxEntries: 10_000, maxBytes: 50_000_000 };

async function contents(spool: Spool): Promise<readonly string[]> {
  return Promise.all(spool.list().map(async ({ id }) => Buffer.from(await spool.read(id)).toString()));
}

/** A second look at the folder, as a process that starts after a kill has it. */
async function reopened(root: string): Promise<readonly string[]> {
  const spool = await Spool.open(root, LIMITS);
  const texts = await contents(spool);
  await spool.close();
  return texts;
}

describe("Spool", () => {
  it("gives back in order what was added and not removed, also after a restart", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const ids = await Promise.all(["a", "b", "", "c"].map((text) => spool.add(Buffer.from(text))));
    await spool.remove(ids[1] ?? 0);
    expect(await contents(spool)).toEqual(["a", "", "c"]);
    expect([spool.count, spool.sizeBytes]).toEqual([3, 2]);
    await spool.close();
    expect(await reopened(root)).toEqual(["a", "", "c"]);
  });

  it("has every entry after a restart although somebody cleared its folder meanwhile", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    await spool.add(Buffer.from("before"));
    rmSync(root, { recursive: true });
    await spool.add(Buffer.from("after"));
    expect(await contents(spool)).toEqual(["before", "after"]);
    await spool.close();
    expect(await reopened(root)).toEqual(["before", "after"]);
  });

  it("never gives an id again while an entry is left", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const first = await spool.add(Buffer.from("a"));
    await spool.close();
    const again = await Spool.open(root, LIMITS);
    expect(await again.add(Buffer.from("b"))).toBeGreaterThan(first);
    await again.close();
  });

  it("refuses what goes over its limits, those under way counted, and takes more once something is removed", async () => {
    const spool = await Spool.open(newRoot(), { maxEntries: 2, maxBytes: 10 });
    const adds = await Promise.allSettled([spool.add(Buffer.alloc(4)), spool.add(Buffer.alloc(4)), spool.add(Buffer.alloc(1))]);
    expect(adds.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    await spool.remove(spool.list()[0]?.id ?? 0);
    await expect(spool.add(Buffer.alloc(7))).rejects.toMatchObject({ kind: "throttled", message: "the spool is full: it holds at most 10 bytes" });
    await spool.add(Buffer.alloc(6));
    await spool.close();
  });

  it("has every whole entry and no half one, wherever the log is cut", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const ends: number[] = [];
    for (const text of ["first", "second", "third"]) {
      await spool.add(Buffer.from(text));
      ends.push(statSync(join(root, "log")).size);
    }
    await spool.close();
    const log = readFileSync(join(root, "log"));
    for (let cut = 0; cut <= log.length; cut++) {
      writeFileSync(join(root, "log"), log);
      truncateSync(join(root, "log"), cut);
      expect(await reopened(root)).toHaveLength(ends.filter((end) => end <= cut).length);
    }
  });

  it("loses only the entry whose bytes are damaged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const root = newRoot();
        const spool = await Spool.open(root, LIMITS);
        for (const text of ["alpha", "bravo", "gamma"]) await spool.add(Buffer.from(text));
        await spool.close();
        const log = readFileSync(join(root, "log"));
        log[at] = (log[at] ?? 0) ^ mask;
        writeFileSync(join(root, "log"), log);
        const left = await reopened(root);
        expect(left.filter((text) => !["alpha", "bravo", "gamma"].includes(text))).toEqual([]);
        expect(left.length).toBe(2);
      }),
      { numRuns: 40 },
    );
  });

  it("says that an entry is damaged rather than give other bytes", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const id = await spool.add(Buffer.from("payload"));
    const log = readFileSync(join(root, "log"));
    log[log.length - 1] = 0;
    writeFileSync(join(root, "log"), log);
    await expect(spool.read(id)).rejects.toMatchObject({ kind: "corrupt" });
    await spool.close();
  });

  it("gives the space of removed entries back while it runs", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const kept = await spool.add(Buffer.from("kept"));
    for (let round = 0; round < 60; round++) await spool.remove(await spool.add(Buffer.alloc(100_000)));
    expect(statSync(join(root, "log")).size).toBeLessThan(2_500_000);
    expect(Buffer.from(await spool.read(kept)).toString()).toBe("kept");
    await spool.close();
    expect(await reopened(root)).toEqual(["kept"]);
  });

  it("takes no entry once it is closed, and ends what was begun", async () => {
    const root = newRoot();
    const spool = await Spool.open(root, LIMITS);
    const begun = spool.add(Buffer.from("begun"));
    await spool.close();
    await begun;
    await expect(spool.add(Buffer.from("late"))).rejects.toMatchObject({ kind: "unavailable" });
    expect(await reopened(root)).toEqual(["begun"]);
  });

  it("has every acknowledged entry after SIGKILL at any moment", async () => {
    const root = newRoot();
    const program = `
      import { Spool } from ${JSON.stringify(new URL("./spool.ts", import.meta.url).href)};
      const spool = await Spool.open(${JSON.stringify(root)}, ${JSON.stringify(LIMITS)});
      for (let round = 0; ; round++) {
        const ids = await Promise.all([1, 2, 3].map((part) => spool.add(Buffer.alloc(50_000, String(round) + "-" + part + " "))));
        process.stdout.write("added " + ids.join(" ") + "\\n");
        process.stdout.write("removing " + ids[1] + "\\n");
        await spool.remove(ids[1]);
      }`;
    const acknowledged = new Set<number>();
    for (let kill = 0; kill < 4; kill++) {
      const child = spawn(process.execPath, ["--conditions=@plumb/source", "--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      let linesLeft = 10 + kill * 23;
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        linesLeft -= chunk.toString().split("\n").length - 1;
        if (linesLeft <= 0) child.kill("SIGKILL");
      });
      await once(child, "close");
      for (const [, verb, ids = ""] of output.matchAll(/^(added|removing) ([\d ]+)\n/gm)) {
        for (const id of ids.split(" ").map(Number)) {
          if (verb === "added") acknowledged.add(id);
          else acknowledged.delete(id);
        }
      }
      const spool = await Spool.open(root, LIMITS);
      const left = new Set(spool.list().map(({ id }) => id));
      expect([...acknowledged].filter((id) => !left.has(id))).toEqual([]);
      for (const id of left) expect((await spool.read(id)).length).toBe(50_000);
      await spool.close();
    }
    expect(acknowledged.size).toBeGreaterThan(20);
  });
});
