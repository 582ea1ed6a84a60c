import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Artifact } from "@plumb/api";
import { comparePaths, packFiles } from "@plumb/archive";
import { Folder } from "@plumb/files";

/** Files of a source, by path. */
export type Files = Readonly<Record<string, string>>;

/** Serves artifacts on 127.0.0.1 as source-controller does, and counts who fetches them. */
export class ArtifactServer {
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** What is served, by path; a test may break it. */
  readonly served = new Map<string, Buffer>();
  readonly #folder: string;
  readonly #server: Server;
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer(({ url = "" }, response) => {
      this.asked.push(url);
      const bytes = this.served.get(url);
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
  }

  /** @param folder where archives are packed */
  static async start(folder: string): Promise<ArtifactServer> {
    const server = new ArtifactServer(folder);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  /** Packs files as the source controller would, and serves them. The revision is made of the content. */
  async publish(files: Files): Promise<Artifact> {
    const name = `${++this.#count}.tar.gz`;
    const sorted = Object.entries(files).sort(([a], [b]) => comparePaths(a, b));
    const contents = sorted.map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
    const { digest, sizeBytes } = await packFiles(contents, await Folder.open(this.#folder), name, { maxBytes: 2 ** 26, signal: AbortSignal.timeout(100_000) });
    this.served.set(`/${name}`, await readFile(join(this.#folder, name)));
    const { port } = this.#server.address() as AddressInfo; // why: a server that listens on TCP has one
    const commit = createHash("sha1").update(digest).digest("hex");
    return {
      path: name,
      url: `http://127.0.0.1:${port}/${name}`,
      digest,
      revision: `main@sha1:${commit}`,
      size: sizeBytes,
      lastUpdateTime: "2026-01-02T03:04:05Z",
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
