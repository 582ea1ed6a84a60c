import { createHmac } from "node:crypto";
import type { LiveObject, Receiver } from "@plumb/api";
import { createHttpClient, readAll } from "@plumb/http";
import { listen, type Listening } from "@plumb/runtime";
import { noMeter, ToolkitError, type Fields, type JsonValue, type Log } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newStamps, type CanAnnotate } from "./annotate.ts";
import { Tokens } from "./tokens.ts";
import { webhookPath } from "./webhook-path.ts";
import { ReceiverHandler } from "./receiver-handler.ts";
import { receiverServer } from "./receiver-server.ts";
import { RequestMetrics } from "../web/request-metrics.ts";
import { sampleReceiver } from "../testing/samples.ts";

const READY = { type: "Ready", status: "True", reason: "Succeeded", message: "", observedGeneration: 2, lastTransitionTime: "" } as const;
const http = createHttpClient();

/** What was asked of the cluster. */
class ClusterFake implements CanAnnotate {
  readonly patched: { name: string; patch: JsonValue }[] = [];
  selector: string | undefined;
  secretReads = 0;
  token = "s3cret";
  missing = new Set<string>();
  matching: readonly string[] = [];
  /** Patches wait for it. */
  gate: Promise<void> = Promise.resolve();

  get(): Promise<LiveObject> {
    this.secretReads += 1;
    return Promise.resolve({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "token", namespace: "team", uid: "s", resourceVersion: "1" },
      data: { token: Buffer.from(this.token).toString("base64") },
    });
  }

  resourceFor({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): ReturnType<CanAnnotate["resourceFor"]> {
    const [group = "", version = ""] = apiVersion.split("/");
    return Promise.resolve({ group, version, kind, plural: `${kind.toLowerCase()}s`, isNamespaced: true, verbs: ["patch"] });
  }

  async patch(...[{ resource, namespace, name }, patch]: Parameters<CanAnnotate["patch"]>): Promise<LiveObject> {
    await this.gate;
    if (this.missing.has(name)) throw new ToolkitError("missing", `${resource.plural} "${name}" not found`);
    this.patched.push({ name: `${resource.group}/${resource.version}/${resource.plural} ${namespace}/${name}`, patch });
    return objectNamed(name);
  }

  list(...[, { labelSelector }]: Parameters<CanAnnotate["list"]>): ReturnType<CanAnnotate["list"]> {
    this.selector = labelSelector;
    return Promise.resolve({ items: this.matching.map(objectNamed), resourceVersion: "1" });
  }
}

function objectNamed(name: string): LiveObject {
  return { apiVersion: "x/v1", kind: "X", metadata: { name, uid: name, resourceVersion: "1" } };
}

/** Every line that was logged, as text. */
function listeningLog(lines: string[]): Log {
  const write = (message: string, fields: Fields = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, error: write, with: () => log };
  return log;
}

let cluster: ClusterFake;
let receivers: Receiver[];
let listening: Listening;
let lines: string[];
/** Requests that reached the handler. */
let admitted: number;

async function serve(allowsCrossNamespace = true): Promise<void> {
  const handler = new ReceiverHandler({
    client: cluster,
    tokens: new Tokens(cluster, () => 0),
    log: listeningLog(lines),
    allowsCrossNamespace,
    stamp: newStamps(() => 0),
    receiverAt(path) {
      admitted += 1;
      return receivers.find(({ status }) => status?.webhookPath === path);
    },
  });
  listening = await listen(receiverServer(handler, new RequestMetrics(noMeter, "gotk_receiver", "/hook/"), new AbortController().signal), "127.0.0.1:0");
}

beforeEach(async () => {
  cluster = new ClusterFake();
  receivers = [ready()];
  lines = [];
  admitted = 0;
  await serve();
});
afterEach(() => listening.close());

function ready(spec: Partial<Receiver["spec"]> = {}): Receiver {
  return sampleReceiver(spec, { conditions: [READY], webhookPath: webhookPath("s3cret", sampleReceiver()) });
}

const path = webhookPath("s3cret", sampleReceiver());
const body = "{}";
const signed = { "x-signature": `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}` };

async function post(to = path, headers: Record<string, string> = signed, sent: Uint8Array | string = body, method = "POST"): Promise<number> {
  const response = await http.send({ method, url: new URL(`http://${listening.address}${to}`), headers, body: sent, signal: new AbortController().signal });
  await readAll(response, 1000, new AbortController().signal);
  return response.status;
}

describe("a request that is admitted", () => {
  it("asks every resource for a reconcile, with a value that was never there before (N-028, N-030)", async () => {
    receivers = [
      ready({
        resources: [
          { kind: "GitRepository", name: "apps" },
          { kind: "Kustomization", apiVersion: "kustomize.toolkit.fluxcd.io/v1", name: "apps", namespace: "other" },
        ],
      }),
    ];
    expect([await post(), await post()]).toEqual([200, 200]);
    expect(cluster.patched.map(({ name }) => name).sort()).toEqual([
      "kustomize.toolkit.fluxcd.io/v1/kustomizations other/apps",
      "kustomize.toolkit.fluxcd.io/v1/kustomizations other/apps",
      "source.toolkit.fluxcd.io/v1/gitrepositorys team/apps",
      "source.toolkit.fluxcd.io/v1/gitrepositorys team/apps",
    ]);
    const stamps = cluster.patched.map(({ patch }) => JSON.stringify(patch));
    expect(new Set(stamps).size).toBe(4);
    expect(stamps[0]).toMatch(/^\{"metadata":\{"annotations":\{"reconcile\.fluxcd\.io\/requestedAt":"1970-01-01T00:00:00\.000\d{6}Z"\}\}\}$/);
  });

  it("finds the resources of a wildcard by their labels", async () => {
    cluster.matching = ["a", "b"];
    receivers = [ready({ resources: [{ kind: "GitRepository", name: "*", matchLabels: { app: "web", tier: "front" } }] })];
    expect(await post()).toBe(200);
    expect(cluster.selector).toBe("app=web,tier=front");
    expect(cluster.patched).toHaveLength(2);
    receivers = [ready({ resources: [{ kind: "GitRepository", name: "*", matchLabels: {} }] })];
    expect(await post()).toBe(200);
    expect(cluster.selector).toBeUndefined();
    expect(cluster.patched).toHaveLength(4);
    cluster.matching = [];
    expect(await post()).toBe(200);
  });

  it("asks all the others when one resource fails, and answers 500 (N-031)", async () => {
    cluster.missing.add("gone");
    receivers = [
      ready({
        resources: [
          { kind: "GitRepository", name: "gone" },
          { kind: "GitRepository", name: "*" },
          { kind: "HelmRelease", name: "x" },
          { kind: "GitRepository", name: "apps" },
        ],
      }),
    ];
    expect(await post()).toBe(500);
    expect(cluster.patched).toHaveLength(1);
    expect(lines.join("\n")).toContain('apiVersion must be specified for kind \\"HelmRelease\\"');
    expect(lines.join("\n")).toContain("matchLabels field not set when using wildcard '*' as name");
  });

  it("does not reach into another namespace where that is not allowed", async () => {
    await listening.close();
    await serve(false);
    receivers = [ready({ resources: [{ kind: "GitRepository", name: "apps", namespace: "other" }] })];
    expect(await post()).toBe(500);
    expect(cluster.patched).toEqual([]);
  });

  it("may have any method (N-026)", async () => {
    receivers = [ready({ type: "generic" })];
    expect(await post(path, {}, "", "PUT")).toBe(200);
  });
});

describe("a request that is not", () => {
  it.each([
    ["has an unknown path", "/hook/0000", 404],
    ["has another query", `${path}?x=1`, 404],
    ["has no path", "/", 404],
  ])("%s, and gets no more than a status", async (_, to, status) => {
    expect(await post(to)).toBe(status);
    expect([cluster.patched, cluster.secretReads]).toEqual([[], 0]);
  });

  it("meets a Receiver that is suspended or not ready, and is to come again", async () => {
    receivers = [ready({ suspend: true })];
    expect(await post()).toBe(503);
    receivers = [sampleReceiver({}, { ...ready().status, conditions: [{ ...READY, status: "False" }] })];
    expect(await post()).toBe(503);
  });

  it("is badly signed, and a flood of such costs one API request", async () => {
    const statuses = await Promise.all(Array.from({ length: 50 }, () => post(path, { "x-signature": "sha256=00" })));
    expect(new Set(statuses)).toEqual(new Set([400]));
    expect([cluster.patched, cluster.secretReads]).toEqual([[], 1]);
  });

  it("is larger than allowed, and is answered all the same (N-001)", async () => {
    expect(await post(path, signed, new Uint8Array(10 * 1024 * 1024))).toBe(413);
    expect(await post()).toBe(200);
  });

  it("leaves no trace of the path or the token in the log", async () => {
    await post();
    await post(path, { "x-signature": "sha256=00" });
    await post(`${path}?x=1`);
    expect(lines.join("\n")).not.toContain(path.slice(6));
    expect(lines.join("\n")).not.toContain("s3cret");
    expect(lines.length).toBeGreaterThan(0);
  });
});

it("a flood of good requests asks the cluster once more than it had begun to", async () => {
  const gate = Promise.withResolvers<void>();
  cluster.gate = gate.promise;
  const flood = Array.from({ length: 50 }, () => post());
  await vi.waitFor(() => expect(admitted).toBe(50), { timeout: 60_000 });
  gate.resolve();
  expect(new Set(await Promise.all(flood))).toEqual(new Set([200]));
  expect(cluster.patched).toHaveLength(2);
});
