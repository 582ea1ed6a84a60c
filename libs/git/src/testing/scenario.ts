import { createHttpClient } from "@plumb/http";
import type { HttpClient } from "@plumb/http";
import { startGitServer, type GitServer } from "../server/git-server.ts";
import { createTestRepository, type TestRepository } from "./test-repository.ts";

/** A repository that is served, and a client to read it with. */
export interface ServedRepository extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly server: GitServer;
  /** Where the repository is. */
  readonly url: string;
  readonly http: HttpClient;
  /** `METHOD path` of every request that was sent. */
  readonly sent: readonly string[];
}

/** Makes an empty repository, serves it, and counts what is asked of it. */
export async function serveTestRepository(serve: (repository: TestRepository) => Promise<GitServer> = serveOwn): Promise<ServedRepository> {
  const repository = await createTestRepository();
  const server = await serve(repository);
  const inner = createHttpClient();
  const sent: string[] = [];
  const http: HttpClient = {
    send: (request) => {
      sent.push(`${request.method} ${request.url.pathname}`);
      return inner.send(request);
    },
    close: () => inner.close(),
  };
  return {
    repository,
    server,
    http,
    sent,
    url: `${server.url}/repository.git`,
    [Symbol.asyncDispose]: async () => {
      http.close();
      await server.close();
      await repository.remove();
    },
  };
}

function serveOwn({ folder }: TestRepository): Promise<GitServer> {
  return startGitServer({ repositories: { "/repository.git": folder }, host: "127.0.0.1", port: 0 });
}
