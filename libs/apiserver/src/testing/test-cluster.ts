import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@plumb/std";
import type { ApiServer } from "../api-server.ts";
import { startTestApiServer, type TestApiServer, type TestApiServerOptions } from "./start-test-api-server.ts";

export interface TestClusterOptions extends TestApiServerOptions {
  /** CustomResourceDefinitions. */
  readonly definitions: readonly object[];
  readonly namespaces?: readonly string[];
}

/** In the query of the test's own requests, so that they can be told from those of what it tests. */
const OWN = "spec";

/** A cluster for a controller that is tested whole: a server, its definitions, a kubeconfig, and a folder that goes with it. */
export class TestCluster {
  readonly #api: TestApiServer;
  /** The test's own, for whatever the controller keeps. */
  readonly folder: string;
  /** `METHOD path` of what others than the test asked for, with `?dryRun` where it is one; watches not counted. */
  readonly asked: string[] = [];

  private constructor(api: TestApiServer, folder: string) {
    [this.#api, this.folder] = [api, folder];
    api.server.knobs.inject({
      matches: ({ method, path, query }) => {
        if (!query.has("watch") && !query.has(OWN)) this.asked.push(`${method} ${path}${query.has("dryRun") ? "?dryRun" : ""}`);
        return false;
      },
    });
  }

  static async open({ definitions, namespaces = [], ...options }: TestClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(await startTestApiServer(options), await mkdtemp(join(tmpdir(), "plumb-test-cluster-")));
    await writeFile(cluster.kubeconfig, kubeconfigText(cluster.#api));
    for (const definition of definitions) await cluster.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    for (const name of namespaces) await cluster.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    return cluster;
  }

  /** The server itself, for its knobs. */
  get server(): ApiServer {
    return this.#api.server;
  }

  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  /** Asks as somebody else than the controller. An answer of 404 is returned, other refusals are thrown. */
  async call<Answer = JsonObject>(method: string, path: string, body?: object, manager = "kubectl-edit"): Promise<Answer> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const response = await fetch(`${this.#api.url}${path}?${OWN}=1&fieldManager=${manager}`, {
      method,
      headers: { authorization: `Bearer ${this.#api.token}`, "content-type": type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer as Answer; // why: each caller names what its path answers
  }

  async close(): Promise<void> {
    await this.#api.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function kubeconfigText({ url, token }: TestApiServer): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "it",
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    clusters: [{ name: "it", cluster: { server: url } }],
    users: [{ name: "it", user: { token } }],
  });
}
