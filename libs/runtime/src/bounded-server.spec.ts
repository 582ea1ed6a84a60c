import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { limitConnections } from "./bounded-server.ts";

const MAX = 20;
let server: Server;
let port: number;
let held: Socket[];

beforeEach(async () => {
  held = [];
  server = createServer((request, response) => {
    if (request.url === "/slow") setTimeout(() => response.end("slow"), 300);
    else response.end("ok");
  });
  limitConnections(server, MAX);
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo); // why: a server that listens on TCP has one
});
afterEach(async () => {
  for (const socket of held) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function hold(text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  held.push(socket);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

it.each([
  ["say nothing", ""],
  ["never end their headers", "GET / HTTP/1.1\r\nhost: x\r\nx-a: "],
  ["never end their body", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf"],
])("clients who %s keep nobody out, however many they are", async (_, text) => {
  for (let count = 0; count < 5 * MAX; count++) await hold(text);
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect([response.status, await response.text()]).toEqual([200, "ok"]);
  const connections = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(connections).toBeLessThanOrEqual(MAX);
});

it("who is being answered keeps the connection", async () => {
  const answer = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text());
  await once(server, "request");
  for (let count = 0; count < 2 * MAX; count++) await hold("");
  expect(await answer).toBe("slow");
});
