import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKubeClient } from "./client.ts";
import { RequestGate } from "./request-gate.ts";
import { ScriptedServer, sendJson, statusBody } from "./testing/index.ts";

const { signal } = new AbortController();

describe("RequestGate", () => {
  it("lets in as many as there are places, the urgent ones before the others, each in their order", async () => {
    const gate = new RequestGate(1);
    const order: string[] = [];
    expect(gate.enter("normal", signal)).toBeUndefined();
    const waiting = (["normal 1", "normal 2"] as const).map(async (name) => {
      await gate.enter("normal", signal);
      order.push(name);
    });
    expect([gate.enter("urgent", signal), gate.enter("urgent", signal)]).toEqual([undefined, undefined]);
    const urgent = Promise.resolve(gate.enter("urgent", signal)).then(() => order.push("urgent"));
    for (let left = 0; left < 5; left++) {
      gate.leave("good");
      await new Promise((done) => setTimeout(done, 1));
    }
    await Promise.all([...waiting, urgent]);
    expect(order).toEqual(["urgent", "normal 1", "normal 2"]);
  });

  it("gives away a quarter of its places once for all that were refused together, and gets them back by good answers", () => {
    const gate = new RequestGate(8);
    for (let entered = 0; entered < 8; entered++) void gate.enter("normal", signal);
    for (let left = 0; left < 8; left++) gate.leave("slow-down");
    expect(gate.places).toBe(6);
    for (let good = 0; good < 4 * (6 + 7); good++) {
      void gate.enter("normal", signal);
      gate.leave("good");
    }
    expect(gate.places).toBe(8);
  });

  it("never loses a place, whatever comes, and always keeps one", async () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom("enter", "urgent", "abort", "leave"), fc.constantFrom("good" as const, "slow-down" as const, "none" as const)),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const gate = new RequestGate(4);
        let inside = 0;
        const waiting: Promise<void>[] = [];
        const aborts: AbortController[] = [];
        for (const [step, answer] of sequence) {
          if (step === "leave") {
            if (inside > 0) {
              inside--;
              gate.leave(answer);
            }
          } else if (step === "abort") aborts.shift()?.abort();
          else {
            const stop = new AbortController();
            const entered = gate.enter(step === "urgent" ? "urgent" : "normal", stop.signal);
            if (entered === undefined) inside++;
            else {
              aborts.push(stop);
              waiting.push(
                entered.then(
                  () => void inside++,
                  () => undefined,
                ),
              );
            }
          }
          await Promise.resolve();
          await Promise.resolve();
          expect(gate.inFlight).toBe(inside);
          expect(gate.places).toBeGreaterThanOrEqual(1);
          expect(gate.inFlight).toBeLessThanOrEqual(6);
        }
        while (gate.inFlight > 0) {
          gate.leave("good");
          inside--;
          await Promise.resolve();
          await Promise.resolve();
        }
        for (const stop of aborts) stop.abort();
        await Promise.all(waiting);
        expect(gate.inFlight).toBe(0);
      }),
    );
  });
});

describe("a server that admits few at once", () => {
  it("gets most of what it can do done, and few requests twice", async () => {
    const total = 400;
    let inFlight = 0;
    const server = new ScriptedServer((_, response) => {
      if (inFlight >= 3) return sendJson(response, 429, statusBody(429, "TooManyRequests", "busy"), { "retry-after": "1" });
      inFlight++;
      setTimeout(() => {
        inFlight--;
        sendJson(response, 200, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", resourceVersion: "1" } });
      }, 20);
      return undefined;
    });
    await server.listen();
    const client = createKubeClient({ access: server.access });
    await Promise.all(Array.from({ length: total }, () => client.get({ resource: { group: "", version: "v1", plural: "configmaps" }, name: "a" }, { signal })));
    client.close();
    await server.close();
    expect(server.seen.length).toBeLessThanOrEqual(1.2 * total);
  });
});
