import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";

import type { Case, Step } from "./case.ts";
import type { Target } from "./client.ts";
import { replay, type Replay } from "./replay.ts";
import { run } from "./run.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(handler: Handler): Promise<Target> {
  server = createServer(handler);
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  return { baseUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, token: "good" };
}

const signal = new AbortController().signal;
const caseOf = (steps: readonly Step[], more: Partial<Case> = {}): Case => ({
  topic: "t",
  name: "n",
  namespace: false,
  controllers: false,
  steps,
  versions: [],
  cleanup: [],
  ...more,
});
const watch: Step = { watch: "w", request: { method: "GET", path: "/w", query: "watch=true" }, response: { status: 200 } };
const event = (name: string): string => `${JSON.stringify({ type: "ADDED", object: { name } })}\n`;
const places = ({ differences }: Replay): readonly string[] => differences.map(({ at }) => at);

describe("a request", () => {
  it("goes out as recorded, in a namespace of its own that is deleted afterwards", async () => {
    const seen: string[] = [];
    const target = await serve((request, response) => {
      seen.push(`${request.method} ${request.url?.replaceAll(/ns-[a-z]{8}/g, "NS")} ${request.headers.authorization} ${request.headers["user-agent"]}`);
      response.writeHead(request.url === "/api/v1/namespaces" ? 201 : 200).end("{}");
    });
    const steps: readonly Step[] = [
      { request: { method: "PUT", path: "/x/${ns}", query: "a=%20b", token: "wrong" }, response: { status: 200 }, compare: "status" },
    ];
    const { differences } = await replay(caseOf(steps, { namespace: true, cleanup: ["/extra"] }), target, signal);
    expect(differences).toEqual([]);
    expect(seen).toEqual([
      "POST /api/v1/namespaces Bearer good conformance/1.0",
      "PUT /x/NS?a=%20b Bearer wrong conformance/1.0",
      "DELETE /extra Bearer good conformance/1.0",
      "DELETE /api/v1/namespaces/NS Bearer good conformance/1.0",
    ]);
  });

  it("that is polled is repeated until the answer matches, and binds only then", async () => {
    let version = 0;
    const target = await serve((_, response) => void response.end(JSON.stringify({ version: String(++version), done: version === 3 })));
    const poll: Step = { request: { method: "GET", path: "/" }, poll: true, response: { status: 200, body: { version: "${rv:1}", done: true } } };
    const last: Step = { request: { method: "GET", path: "/" }, response: { status: 200, body: { version: "${rv:2}", done: false } } };
    expect((await replay(caseOf([poll, last], { versions: ["${rv:1}", "${rv:2}"] }), target, signal)).differences).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ["as recorded passes", ["one 0", "two 0"], []],
    ["by the second of their writes passes, where a slow machine crossed one", ["two 0", "one 1"], []],
    ["in another order within one second differs", ["two 0", "one 0"], ["body/metadata/managedFields/0/manager", "body/metadata/managedFields/1/manager"]],
    ["against the order of seconds differs", ["two 1", "one 0"], ["body/metadata/managedFields/0/manager", "body/metadata/managedFields/1/manager"]],
  ])("whose owners stand %s", async (_, owners, expected) => {
    const startMs = Date.now();
    const answered = owners.map((owner) => {
      const [manager, second] = owner.split(" ");
      return { manager, operation: "Apply", time: new Date(startMs + Number(second) * 1000).toISOString().replace(/\.\d+/, "") };
    });
    const target = await serve((__, response) => void response.end(JSON.stringify({ metadata: { managedFields: answered } })));
    const recorded = ["one", "two"].map((manager) => ({ manager, operation: "Apply", time: "${time}" }));
    const step: Step = { request: { method: "GET", path: "/" }, response: { status: 200, body: { metadata: { managedFields: recorded } } } };
    expect(places(await replay(caseOf([step]), target, signal))).toEqual(expected);
  });

  it("that nobody answers is a difference, not a crash", async () => {
    const target = await serve((request) => request.socket.destroy());
    const step: Step = { request: { method: "GET", path: "/" }, response: { status: 200 } };
    expect(places(await replay(caseOf([step]), target, signal))).toEqual(["answer"]);
  });
});

describe("a watch", () => {
  const served: Record<string, { lines: string; isEnded?: boolean; expected: readonly string[] }> = {
    "of what was recorded passes": { lines: event("a") + event("b"), expected: [] },
    "split anywhere passes": { lines: `${event("a")}|${event("b").slice(0, 9)}|${event("b").slice(9)}`, expected: [] },
    "with routine bookmarks passes": { lines: event("a") + `{"type":"BOOKMARK","object":{}}\n` + event("b"), expected: [] },
    "with an event too few differs": { lines: event("a"), expected: ["events/1"] },
    "with an event too many differs": { lines: event("a") + event("b") + event("c"), expected: ["events/2"] },
    "with another event differs": { lines: event("a") + event("x"), expected: ["events/1/object/name"] },
    "that ended differs": { lines: event("a") + event("b"), isEnded: true, expected: ["ended"] },
  };
  it.each(Object.entries(served))("%s", async (_, { lines, isEnded = false, expected }) => {
    const target = await serve(async (__, response) => {
      response.writeHead(200);
      for (const part of lines.split("|")) {
        response.write(part);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (isEnded) response.end();
    });
    const events = ["a", "b"].map((name) => ({ type: "ADDED", object: { name } }));
    expect(places(await replay(caseOf([watch, { read: "w", events, ended: false }]), target, signal, { patienceMs: 3000 }))).toEqual(expected);
  });
});

it("versions that do not grow differ", async () => {
  const target = await serve((request, response) => void response.end(JSON.stringify(request.url === "/1" ? "9" : "10")));
  const get = (path: string, body: string): Step => ({ request: { method: "GET", path }, response: { status: 200, body } });
  const steps = [get("/1", "${rv:1}"), get("/2", "${rv:2}")];
  expect((await replay(caseOf(steps, { versions: ["${rv:1}", "${rv:2}"] }), target, signal)).differences).toEqual([]);
  expect(places(await replay(caseOf(steps, { versions: ["${rv:2}", "${rv:1}"] }), target, signal))).toEqual(["${rv:1}"]);
});

it("a failing case is played once more, results keep the order of the cases", async () => {
  let count = 0;
  const target = await serve((request, response) => void response.writeHead(request.url === "/once" && count++ === 0 ? 500 : 200).end());
  const get = (path: string): Case => caseOf([{ request: { method: "GET", path }, compare: "status", response: { status: 200 } }], { name: path });
  const played = await run([get("/once"), get("/always")], target, signal);
  expect(played.map(({ case: { name }, attempts, differences }) => [name, attempts, differences.length])).toEqual([
    ["/once", 2, 0],
    ["/always", 1, 0],
  ]);
});
