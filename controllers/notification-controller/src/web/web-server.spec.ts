import { once } from "node:events";
import type { Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createMeter } from "@plumb/telemetry";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BodyBudget } from "./limited-body.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { webServer } from "./web-server.ts";

const BUDGET_BYTES = 1000;
let server: Server;
let port: number;
let senders: Socket[];

beforeEach(async () => {
  senders = [];
  server = webServer(
    async ({ body }) => ({ status: 200, text: String(body?.length) }),
    new RequestMetrics(createMeter(), "gotk_event", "/"),
    new BodyBudget(BUDGET_BYTES),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo); // why: a server that listens on TCP has one
});
afterEach(async () => {
  for (const sender of senders) sender.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends so much of a body of which 100 bytes more never come. */
async function sendHalf(sizeBytes: number): Promise<Socket> {
  const sender = connect(port, "127.0.0.1");
  sender.on("error", () => undefined);
  senders.push(sender);
  const arrived = once(server, "request");
  sender.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${sizeBytes + 100}\r\n\r\n${"x".repeat(sizeBytes)}`);
  await arrived;
  return sender;
}

async function post(sizeBytes: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "y".repeat(sizeBytes) });
  return `${response.status} ${(await response.text()).trim()} ${response.headers.get("retry-after") ?? ""}`.trim();
}

it("bodies that never end take no more memory than a bound, and give it back when their senders go", async () => {
  const [first] = [await sendHalf(400), await sendHalf(400)];
  expect(await post(300)).toBe("503 too many requests are being sent at once 5");
  expect(await post(100)).toBe("200 100");
  first.destroy();
  await expect.poll(() => post(300)).toBe("200 300");
  for (let count = 0; count < 20; count++) expect(await post(600)).toBe("200 600");
});
