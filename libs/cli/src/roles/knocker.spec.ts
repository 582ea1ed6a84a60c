import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, type Log } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Knocker } from "./knocker.ts";

let folder: string;
let receiver: Server;
/** What the Receiver answers, one after the other, and at last 200. */
let answers: number[];
let bodies: string[];
let signatures: unknown[];
let onBody: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "plumb-knock-"));
  answers = [];
  bodies = [];
  signatures = [];
  onBody = (): void => undefined;
  receiver = createServer((request, response) => {
    signatures.push(request.headers["x-signature"]);
    request.setEncoding("utf8").on("data", (body: string) => bodies.push(body));
    request.once("end", () => {
      response.writeHead(answers.shift() ?? 200).end();
      onBody();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await new Promise((resolve) => receiver.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function knocker(signal: AbortSignal = new AbortController().signal, log: Log = silentLog): Knocker {
  return new Knocker({ hookFile: join(folder, "hook.json"), log, signal, wait: { minMs: 1, maxMs: 1 } });
}
function writeHook(): void {
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  writeFileSync(join(folder, "hook.json"), JSON.stringify({ url: `http://127.0.0.1:${port}/hook/a`, token: "t" }));
}
const body = (ref: string, after: string | null): string => JSON.stringify({ ref, after });

describe("a moved ref", () => {
  it("is told once where the call is taken, signed for a generic-hmac Receiver", async () => {
    writeHook();
    await knocker().knock("refs/heads/main", "c1");
    const told = body("refs/heads/main", "c1");
    expect([bodies, signatures]).toEqual([[told], [`sha256=${createHmac("sha256", "t").update(told).digest("hex")}`]]);
  });

  it("that nobody can be told of says why in the log, and neither token nor path", async () => {
    writeHook();
    await new Promise((resolve) => receiver.close(resolve));
    const errors = new Set<unknown>();
    const log: Log = { ...silentLog, error: (_, fields) => errors.add(fields?.["error"]) };
    await knocker(undefined, log).knock("refs/heads/main", "c1");
    expect([...errors]).toEqual([expect.stringMatching(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/)]);
  });

  it("is told again until somebody takes the call", async () => {
    writeHook();
    answers = [404, 500, 503];
    await knocker().knock("refs/heads/main", undefined);
    expect(bodies).toEqual(Array.from({ length: 4 }, () => body("refs/heads/main", null)));
  });

  it("waits for a Receiver that is not there yet", async () => {
    const told = knocker().knock("refs/heads/main", "c1");
    writeHook();
    await told;
    expect(bodies).toEqual([body("refs/heads/main", "c1")]);
  });

  it("is not told any more once it has moved on", async () => {
    writeHook();
    answers = [500];
    const both = knocker();
    let second: Promise<void> | undefined;
    onBody = (): void => {
      second ??= both.knock("refs/heads/main", "c2");
    };
    await both.knock("refs/heads/main", "c1");
    await second;
    expect(bodies).toEqual([body("refs/heads/main", "c1"), body("refs/heads/main", "c2")]);
  });

  it("is given up after twelve calls", async () => {
    writeHook();
    answers = Array.from({ length: 50 }, () => 500);
    await knocker().knock("refs/heads/main", "c1");
    expect(bodies).toHaveLength(12);
  });

  it("is given up at once when the server stops", async () => {
    writeHook();
    answers = Array.from({ length: 50 }, () => 500);
    const stop = new AbortController();
    onBody = (): void => {
      if (bodies.length === 3) stop.abort();
    };
    await knocker(stop.signal).knock("refs/heads/main", "c1");
    expect(bodies).toHaveLength(3);
  });
});
