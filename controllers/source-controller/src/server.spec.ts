import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Folder } from "@plumb/files";
import { listen, type Listening } from "@plumb/runtime";
import { silentLog } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactServer } from "./server.ts";

const FILE = "/gitrepository/ns/app/0123.tar.gz";
const BYTES = Buffer.from("0123456789".repeat(50_000));
let outer: string;
let listening: Listening;

beforeAll(async () => {
  outer = await mkdtemp(join(tmpdir(), "plumb-artifacts-"));
  const root = join(outer, "data");
  await mkdir(join(root, "gitrepository/ns/app"), { recursive: true });
  await writeFile(join(root, FILE), BYTES);
  await writeFile(join(outer, "secret"), "secret");
  await symlink("../../../../secret", join(root, "gitrepository/ns/app/leads-out"));
  await writeFile(join(root, "gitrepository/ns/app/.tmp-0123456789abcdef01"), "half");
  await writeFile(join(root, "gitrepository/ns/app/a<b>&.txt"), "x");
  listening = await listen(artifactServer(await Folder.open(root), silentLog), "127.0.0.1:0");
});
afterAll(async () => {
  await listening.close();
  await rm(outer, { recursive: true, force: true });
});

const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://${listening.address}${path}`, { redirect: "manual", ...init });

/** Sends a path as it is, which `fetch` would tidy first. */
function statusOfRaw(path: string): Promise<string> {
  const [host = "", port = ""] = listening.address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

describe("the artifact server", () => {
  it("gives a file whole, and its head alone", async () => {
    const whole = await ask(FILE);
    expect([whole.status, whole.headers.get("content-length"), whole.headers.get("content-type")]).toEqual([200, String(BYTES.length), "application/gzip"]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(BYTES)).toBe(true);
    const head = await ask(FILE, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), (await head.arrayBuffer()).byteLength]).toEqual([200, String(BYTES.length), 0]);
  });

  const ranges: readonly (readonly [string, number, string | null, number])[] = [
    ["bytes=0-9", 206, "bytes 0-9/500000", 10],
    ["bytes=300000-300004", 206, "bytes 300000-300004/500000", 5],
    ["bytes=499990-", 206, "bytes 499990-499999/500000", 10],
    ["bytes=-5", 206, "bytes 499995-499999/500000", 5],
    ["bytes=0-9999999", 206, "bytes 0-499999/500000", 500_000],
    ["bytes=500000-", 416, "bytes */500000", 33],
    ["bytes=9-3", 416, "bytes */500000", 33],
    ["bytes=-0", 416, "bytes */500000", 33],
    ["bytes=0-1,5-6", 200, null, 500_000],
    ["lines=1-2", 200, null, 500_000],
  ];
  it.each(ranges)("answers %s with %i", async (range, status, contentRange, length) => {
    const answer = await ask(FILE, { headers: { range } });
    expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
    const body = Buffer.from(await answer.arrayBuffer());
    expect(body.length).toBe(length);
    const start = Number(/^bytes (\d+)/.exec(contentRange ?? "")?.[1] ?? 0);
    const expected = status === 416 ? Buffer.from("invalid range: failed to overlap\n") : BYTES.subarray(start, start + length);
    expect(body.equals(expected)).toBe(true);
  });

  it("says that a file has not changed since", async () => {
    const modified = (await ask(FILE, { method: "HEAD" })).headers.get("last-modified") ?? "";
    expect((await ask(FILE, { headers: { "if-modified-since": modified } })).status).toBe(304);
    expect((await ask(FILE, { headers: { "if-modified-since": new Date(0).toUTCString() } })).status).toBe(200);
  });

  it("lists folders, escapes names, and shows nothing half written", async () => {
    expect((await ask("/")).status).toBe(200);
    const moved = await ask("/gitrepository/ns");
    expect([moved.status, moved.headers.get("location"), moved.headers.get("content-length")]).toEqual([301, "ns/", "0"]);
    const text = await (await ask("/gitrepository/ns/app/")).text();
    expect(text).toContain('<a href="0123.tar.gz">0123.tar.gz</a>');
    expect(text).toContain("a&lt;b&gt;&amp;.txt");
    expect(text).not.toContain(".tmp-");
  });

  it.each([
    "/absent",
    "/gitrepository/ns/app/absent.tar.gz",
    `${FILE}/`,
    "/gitrepository/ns/app/.tmp-0123456789abcdef01",
    "/gitrepository/ns/app/leads-out",
    "/%00",
    "/%zz",
    "/..%2fsecret",
    "/%2e%2e/secret",
    "/a%5c..%5csecret",
  ])("has nothing at %s", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it.each(["/../secret", "/gitrepository/../../secret", "//../secret", "/./../secret"])("does not leave its folder by %s", async (path) => {
    const answer = await statusOfRaw(path);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain("\r\nsecret");
  });

  it("takes nothing but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect((await ask(FILE, { method })).status).toBe(405);
  });
});
