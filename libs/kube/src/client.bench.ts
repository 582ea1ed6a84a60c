/**
 * Requests a second and CPU time a request, of the client beside a bare keep-alive connection and @plumb/http.
 *
 *     node --conditions=@plumb/source libs/kube/src/client.bench.ts KUBECONFIG [requests]
 *
 * Needs an API server and may write ConfigMaps named `bench-…` in the namespace `default`. Figures are ratios of one run.
 */
import https from "node:https";
import type { LiveObject, Manifest } from "@plumb/api";
import { createHttpClient, readAll, type HttpClient } from "@plumb/http";
import { parseJson } from "@plumb/std";
import { createKubeClient, readKubeconfig, type KubeAccess, type KubeConnection } from "./index.ts";

const CONCURRENCY = 8;
const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const PATH = "/api/v1/namespaces/default/configmaps";
const { signal } = new AbortController();

interface Way {
  readonly name: string;
  get(name: string): Promise<unknown>;
  apply(object: Manifest): Promise<unknown>;
}

const [path = "", count = "4000"] = process.argv.slice(2);
const requests = Number(count);
const { access } = await readKubeconfig(path, { allowsInsecureTls: true });
const client = createKubeClient({ access });
const http = createHttpClient({
  tls: { ...(access.ca === undefined ? {} : { ca: access.ca }), ...clientCertificate(access) },
  maxConnectionsPerHost: CONCURRENCY,
});
const agent = new https.Agent({ keepAlive: true, ca: access.ca, cert: access.clientCertificate?.certificate, key: access.clientCertificate?.key });
const ways: readonly Way[] = [bareWay(access, agent), httpWay(access, http), clientWay(client)];

await measured("warm-up", (object) => clientWay(client).apply(object));
for (let round = 1; round <= 3; round++) {
  for (const way of ways) await measured(`${way.name}: apply`, (object) => way.apply(object));
  for (const way of ways) await measured(`${way.name}: get`, ({ metadata }) => way.get(metadata.name));
}
await Promise.all((await client.list(CONFIG_MAPS, { namespace: "default", signal })).items.filter(isOurs).map(remove));
client.close();
http.close();
agent.destroy();

async function measured(name: string, work: (object: Manifest) => Promise<unknown>): Promise<void> {
  let next = 0;
  const cpuBefore = process.threadCpuUsage();
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (next < requests) await work(configMap(next++));
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.threadCpuUsage(cpuBefore);
  console.log(
    `${name.padEnd(20)} ${(requests / seconds).toFixed(0).padStart(6)} requests/s ${((user + system) / requests).toFixed(0).padStart(6)} µs CPU/request`,
  );
}

function configMap(number: number): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `bench-${number}`, namespace: "default", labels: { app: "bench" } },
    data: { a: "1", b: "x".repeat(200) },
  };
}

function isOurs({ metadata }: LiveObject): boolean {
  return metadata.name.startsWith("bench-");
}

function remove({ metadata }: LiveObject): Promise<unknown> {
  return client.delete({ resource: CONFIG_MAPS, namespace: "default", name: metadata.name }, { propagation: "Background", signal });
}

function clientWay(kube: KubeConnection): Way {
  return {
    name: "client",
    get: (name) => kube.get({ resource: CONFIG_MAPS, namespace: "default", name }, { signal }),
    apply: (object) => kube.apply(CONFIG_MAPS, object, { fieldManager: "bench", force: true, dryRun: false, signal }),
  };
}

function httpWay({ server, credential }: KubeAccess, sender: HttpClient): Way {
  const send = async (method: string, requestPath: string, body?: string): Promise<unknown> => {
    const response = await sender.send({
      method,
      url: new URL(requestPath, server),
      headers: headersFor(credential, body),
      ...(body === undefined ? {} : { body }),
      signal,
    });
    return parseJson(new TextDecoder().decode(await readAll(response, 1024 * 1024, signal)));
  };
  return { name: "@plumb/http", get: (name) => send("GET", `${PATH}/${name}`), apply: (object) => send("PATCH", applyPath(object), JSON.stringify(object)) };
}

function bareWay({ server, credential }: KubeAccess, keptAlive: https.Agent): Way {
  const send = (method: string, requestPath: string, body?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const request = https.request(
        { agent: keptAlive, host: server.hostname, port: server.port, method, path: requestPath, headers: headersFor(credential, body) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  return { name: "bare", get: (name) => send("GET", `${PATH}/${name}`), apply: (object) => send("PATCH", applyPath(object), JSON.stringify(object)) };
}

function applyPath({ metadata }: Manifest): string {
  return `${PATH}/${metadata.name}?fieldManager=bench&force=true`;
}

function headersFor(credential: KubeAccess["credential"], body: string | undefined): Record<string, string> {
  return {
    accept: "application/json",
    ...(credential.kind === "token" ? { authorization: `Bearer ${credential.token}` } : {}),
    ...(body === undefined ? {} : { "content-type": "application/apply-patch+yaml", "content-length": `${Buffer.byteLength(body)}` }),
  };
}

function clientCertificate({ clientCertificate: pair }: KubeAccess): { readonly certificate?: string; readonly key?: string } {
  return pair ?? {};
}
