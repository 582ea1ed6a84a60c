import { afterEach, describe, expect, it } from "vitest";
import type { Listening } from "./bounded-server.ts";
import { metricsPages, probePages, servePages } from "./probes-server.ts";

let listening: Listening | undefined;
afterEach(async () => {
  await listening?.close();
  listening = undefined;
});

async function ask(path: string, method = "GET"): Promise<string> {
  const response = await fetch(`http://${listening?.address}${path}`, { method });
  return `${response.status} ${await response.text()}`;
}

describe("servePages", () => {
  it("tells health and readiness, and that they change", async () => {
    let isReady = false;
    listening = await servePages(
      "127.0.0.1:0",
      probePages(
        () => true,
        () => isReady,
      ),
    );
    expect([await ask("/healthz"), await ask("/readyz")]).toEqual(["200 ok", "503 not ready"]);
    isReady = true;
    expect(await ask("/readyz?verbose")).toBe("200 ok");
  });
  it.each([
    ["/absent", "GET", "404 404 page not found"],
    ["/constructor", "GET", "404 404 page not found"],
    ["/healthz", "POST", "405 method not allowed"],
    ["/healthz", "HEAD", "200 "],
  ])("answers %s %s with %s", async (path, method, expected) => {
    listening = await servePages(
      "127.0.0.1:0",
      probePages(
        () => true,
        () => true,
      ),
    );
    expect(await ask(path, method)).toBe(expected);
  });
  it("outlives a page that cannot be made", async () => {
    let isBroken = true;
    listening = await servePages(
      "127.0.0.1:0",
      metricsPages(() => {
        if (isBroken) throw new Error("no");
        return "up 1\n";
      }),
    );
    expect(await ask("/metrics")).toBe("500 internal error");
    isBroken = false;
    expect(await ask("/metrics")).toBe("200 up 1\n");
  });
  it("says which address cannot be taken", async () => {
    listening = await servePages("127.0.0.1:0", {});
    await expect(servePages(listening.address, {})).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining(`cannot listen on ${listening.address}`),
    });
  });
  it.each(["", "8080", "127.0.0.1:", ":http", ":65536", ":123456"])("refuses %o, which is no address", async (address) => {
    await expect(servePages(address, {})).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining(`"${address}" is not an address`) });
  });
  it("closes though a client keeps its connection", async () => {
    listening = await servePages(
      "[::1]:0",
      probePages(
        () => true,
        () => true,
      ),
    ).catch(() =>
      servePages(
        "127.0.0.1:0",
        probePages(
          () => true,
          () => true,
        ),
      ),
    );
    await ask("/healthz");
    await listening.close();
    await expect(ask("/healthz")).rejects.toThrow();
  });
});
