import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startSink, type SinkMessage } from "./sink.ts";

let sink: Awaited<ReturnType<typeof startSink>>;
let seen: SinkMessage[];
beforeEach(async () => {
  seen = [];
  sink = await startSink("127.0.0.1", 0, (message) => seen.push(message));
});
afterEach(() => sink.close());

const post = (path: string, body: string): Promise<Response> => fetch(`http://${sink.address}${path}`, { method: "POST", body });
async function messages(after: string): Promise<{ readonly next: number; readonly messages: readonly SinkMessage[] }> {
  // why: the sink answers with nothing else
  return (await (await fetch(`http://${sink.address}/messages?after=${after}`)).json()) as { next: number; messages: readonly SinkMessage[] };
}

describe("the sink", () => {
  it.each<[string, string]>([
    [
      JSON.stringify({ attachments: [{ author_name: "kustomization/apps", text: "applied", fields: [{ title: "revision", value: "main" }, null] }] }),
      "kustomization/apps\napplied\nrevision: main",
    ],
    [JSON.stringify({ message: "applied", severity: "info" }), "applied"],
    [JSON.stringify({ attachments: {} }), ""],
    [JSON.stringify([1]), "1"],
    ["plain words", "plain words"],
    ["", ""],
  ])("shows what a person would read of %s", async (body, text) => {
    expect((await post("/slack", body)).status).toBe(200);
    expect(seen).toMatchObject([{ path: "/slack", text }]);
  });
  it("lists what came after a number, and the number to ask with next", async () => {
    for (const text of ["a", "b", "c"]) await post("/generic", text);
    expect(await messages("1")).toMatchObject({ next: 3, messages: [{ text: "b" }, { text: "c" }] });
    expect(await messages("3")).toEqual({ next: 3, messages: [] });
    expect((await messages("nonsense")).messages.length).toBe(3);
  });
  it("keeps the last thousand, and their numbers", async () => {
    for (let index = 0; index < 1005; index++) await post("/generic", String(index));
    const { next, messages: kept } = await messages("0");
    expect([next, kept.length, kept[0]?.text]).toEqual([1005, 1000, "5"]);
    expect((await messages("1004")).messages).toMatchObject([{ text: "1004" }]);
  });
  it("refuses a message that is too large, and outlives it", async () => {
    expect((await post("/slack", "x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await post("//", "odd path")).status).toBe(200);
    expect(seen.map(({ text }) => text)).toEqual(["odd path"]);
  });
});
