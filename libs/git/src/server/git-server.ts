import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { toToolkitError } from "@plumb/std";
import { FLUSH, packet, PacketReader } from "../pkt-line.ts";
import { ObjectFolder } from "./object-folder.ts";
import { receive, RECEIVE_CAPABILITIES } from "./receive-pack.ts";
import { RefFolder } from "./ref-folder.ts";
import { advertiseRefs, answer0, answer2, capabilities2, type LocalRepository } from "./upload-pack.ts";

export interface GitServerOptions {
  /** Folders by the path they are served under, such as `/lab.git`; each a bare repository or one with a `.git` folder. */
  readonly repositories: Readonly<Record<string, string>>;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Decides on the `Authorization` header of each request; everybody is let in without it. */
  readonly isAllowed?: (authorization: string | undefined) => boolean;
  /** Called after a push that moved a ref, with the path it was served under. */
  readonly onPush?: (path: string) => void;
}

export interface GitServer {
  readonly port: number;
  /** Such as `http://127.0.0.1:4321`. */
  readonly url: string;
  close(): Promise<void>;
}

type Service = "git-upload-pack" | "git-receive-pack";

const UPLOAD_CAPABILITIES = ["shallow", "side-band-64k", "ofs-delta", "no-progress"];

/** Serves local repositories over Git's smart HTTP, protocol 2 and 0, to clone, fetch and push. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const repositories = new Map<string, LocalRepository>();
  for (const [path, folder] of Object.entries(options.repositories)) repositories.set(path, await openRepository(folder));
  const server = createServer((request, response) => {
    void respond(repositories, options, request, response).catch((thrown: unknown) => fail(response, thrown));
  });
  await listen(server, options);
  // why: a server that listens on TCP has an address with a port
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://${options.host}:${port}`, close: () => close(server) };
}

async function openRepository(folder: string): Promise<LocalRepository> {
  const isBare = basename(folder) !== ".git" && (await stat(join(folder, ".git")).catch(() => undefined)) === undefined;
  const gitFolder = isBare || basename(folder) === ".git" ? folder : join(folder, ".git");
  const refs = new RefFolder(gitFolder);
  return { objects: new ObjectFolder(gitFolder), refs, checkedOut: async () => (isBare ? undefined : refs.head()) };
}

async function respond(
  repositories: ReadonlyMap<string, LocalRepository>,
  options: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (options.isAllowed?.(request.headers.authorization) === false) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    return;
  }
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, path = "", action] = /^(.*)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname) ?? [];
  const repository = repositories.get(path);
  const service = action === "info/refs" ? url.searchParams.get("service") : action;
  if (repository === undefined || (service !== "git-upload-pack" && service !== "git-receive-pack")) {
    response.writeHead(404).end();
    return;
  }
  const isVersion2 = /(^|:)version=2(:|$)/.test(String(request.headers["git-protocol"] ?? "")) && service === "git-upload-pack";
  if (action === "info/refs" && request.method === "GET") return advertise(repository, service, isVersion2, response);
  if (action !== "info/refs" && request.method === "POST") {
    await serve(repository, service, isVersion2, request, response);
    if (service === "git-receive-pack") options.onPush?.(path);
    return;
  }
  response.writeHead(405).end();
}

async function advertise(repository: LocalRepository, service: Service, isVersion2: boolean, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": `application/x-${service}-advertisement`, "cache-control": "no-cache" });
  const head = [packet(`# service=${service}\n`), Buffer.from(FLUSH)];
  const capabilities = service === "git-upload-pack" ? UPLOAD_CAPABILITIES : RECEIVE_CAPABILITIES;
  await pipeline(async function* () {
    yield* head;
    yield* isVersion2 ? capabilities2() : advertiseRefs(repository, capabilities);
    yield Buffer.from(FLUSH);
  }, response);
}

async function serve(repository: LocalRepository, service: Service, isVersion2: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
  const reader = new PacketReader(body);
  response.writeHead(200, { "content-type": `application/x-${service}-result`, "cache-control": "no-cache" });
  if (service === "git-receive-pack") {
    response.end(await receive(repository, reader));
    return;
  }
  await pipeline(isVersion2 ? answer2(repository, reader) : answer0(repository, reader), response, { end: false });
  response.end();
}

/** Tells the client in a packet what went wrong, where nothing else has been said yet. */
function fail(response: ServerResponse, thrown: unknown): void {
  if (response.destroyed || response.writableEnded) return;
  if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
  response.end(packet(`ERR ${toToolkitError(thrown).message}\n`));
}

function listen(server: Server, { host, port }: GitServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
