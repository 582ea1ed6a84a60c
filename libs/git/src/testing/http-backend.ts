import { spawn, spawnSync } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import type { GitServer } from "../server/git-server.ts";

export interface HttpBackendOptions {
  /** Passed on to Git, so that it speaks protocol 2 where the client asks for it; false makes it speak protocol 0. */
  readonly admitsVersion2: boolean;
}

/** Whether the real `git` is on this machine. */
export function hasGit(): boolean {
  return spawnSync("git", ["--version"]).status === 0;
}

/** Serves the bare repositories of a folder with the real `git http-backend`, to compare with and to measure against. */
export async function startHttpBackend(repository: string, { admitsVersion2 }: HttpBackendOptions): Promise<GitServer> {
  const server = createServer((request, response) => answer(dirname(repository), admitsVersion2, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // why: a server that listens on TCP has an address with a port
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, url: `http://127.0.0.1:${port}`, close };
}

function answer(root: string, admitsVersion2: boolean, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const protocol = String(request.headers["git-protocol"] ?? "");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      REMOTE_USER: "tester",
      REMOTE_ADDR: "127.0.0.1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      ...(admitsVersion2 && protocol !== "" && { GIT_PROTOCOL: protocol }),
      ...(request.headers["content-encoding"] !== undefined && { HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"]) }),
    },
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => {});
  response.on("close", () => child.kill());
  let head = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) return;
    const lines = head
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]); // why: CGI writes `Name: value`
    const status = lines.find(([name]) => name === "Status")?.[1] ?? "200";
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(lines.filter(([name]) => name !== "Status")));
    response.write(head.subarray(end + 4));
  });
  child.stdout.on("end", () => response.end());
}
