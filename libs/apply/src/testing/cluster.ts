import { randomUUID } from "node:crypto";
import { env } from "node:process";
import { createApiServer } from "@plumb/apiserver";
import { createKubeClient, type KubeClient } from "@plumb/kube";

export interface Cluster {
  readonly client: KubeClient;
  /** Another client with the same rights, whose requests are not counted. */
  readonly other: KubeClient;
  /** Makes a namespace; resolves to its name. */
  newNamespace(): Promise<string>;
  /** What `client` has asked since the last call: `dry-run Kind/name`, `apply Kind/name`, `get name`, `list plural` …; no watch, no discovery. */
  take(): readonly string[];
  close(): Promise<void>;
}

/** True where the tests run against a real API server, which refuses what the one in this process forgives. */
export const IS_REAL: boolean = (env["PLUMB_TEST_APISERVER"] ?? "") !== "";

/**
 * An API server in this process, and clients of it. With `PLUMB_TEST_APISERVER="URL TOKEN"` that one instead, so that the
 * same tests can be held against a real one.
 */
export async function startCluster(): Promise<Cluster> {
  const [url, token] = (env["PLUMB_TEST_APISERVER"] ?? "").split(" ");
  if (url !== undefined && url !== "" && token !== undefined) return cluster(url, token, () => Promise.resolve());
  // Nobody but the test acts on workloads: with a controller manager beside it, a real server would do otherwise too.
  const server = createApiServer({ workloads: false });
  const listening = await server.listen(0);
  return cluster(listening.url, undefined, async () => {
    server.stop();
    await listening.close();
  });
}

function cluster(url: string, token: string | undefined, stop: () => Promise<void>): Cluster {
  const access = {
    server: new URL(url),
    isTlsUnverified: true,
    credential: token === undefined ? { kind: "none" as const } : { kind: "token" as const, token },
  };
  const connection = createKubeClient({ access, watchIdleMs: 10_000 });
  const other = createKubeClient({ access });
  const requests: string[] = [];
  return {
    client: counting(connection, requests),
    other,
    newNamespace: async () => {
      const name = `t-${randomUUID().slice(0, 8)}`;
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await other.create({ group: "", version: "v1", plural: "namespaces" }, object, { fieldManager: "test", signal: AbortSignal.timeout(100_000) });
      return name;
    },
    take: () => requests.splice(0),
    close: async () => {
      connection.close();
      other.close();
      await stop();
    },
  };
}

function counting(client: KubeClient, requests: string[]): KubeClient {
  const note = (text: string): void => {
    requests.push(text);
  };
  return {
    get: (object, options) => (note(`get ${object.name}`), client.get(object, options)),
    list: (resource, options) => (note(`list ${resource.plural}`), client.list(resource, options)),
    watch: (resource, options) => client.watch(resource, options),
    create: (resource, object, options) => (note(`create ${object.kind}/${object.metadata.name}`), client.create(resource, object, options)),
    apply: (resource, object, options) => (
      note(`${options.dryRun ? "dry-run" : "apply"} ${object.kind}/${object.metadata.name}`),
      client.apply(resource, object, options)
    ),
    patch: (object, patch, options) => (note(`patch ${object.name}`), client.patch(object, patch, options)),
    delete: (object, options) => (note(`delete ${object.name}`), client.delete(object, options)),
    resourceFor: (kind, signal) => client.resourceFor(kind, signal),
    resourceOf: (kind, signal) => client.resourceOf(kind, signal),
  };
}
