import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  ALERT_VERSION,
  alerting,
  at,
  conditionOf,
  gitRepository,
  KUSTOMIZE_VERSION,
  kustomization,
  NOTIFICATION_VERSION,
  SOURCE_VERSION,
  START_ORDER,
  Toolkit,
  until,
} from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

/** In every place of a credential, one that tells from where it came. */
const canary = (place: string): string => `cAnArY-${place}-8f3a?/+`;
const PLACES = [
  "url",
  "basic",
  "bearer",
  "proxy",
  "data",
  "list",
  "nested",
  "base64",
  "immutable",
  "literal",
  "patch",
  "yaml",
  "hook",
  "address",
  "token",
  "header",
];
/** How a credential may turn up. */
const formsOf = (text: string): readonly string[] => [
  text,
  encodeURIComponent(text),
  Buffer.from(text).toString("base64"),
  Buffer.from(text).toString("base64url"),
];
const inBase64 = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));

describe.skipIf(cluster.kind === "absent")("a credential", () => {
  const namespace = `secrets-${randomUUID().slice(0, 8)}`;
  let toolkit: Toolkit;
  let parrot: Server;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    // says everything that it was told, as a debugging proxy does, and takes nothing
    parrot = createServer((request, response) => {
      const { authorization = "", ...headers } = request.headers;
      const heard = `${request.url} ${authorization} ${Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString()} ${JSON.stringify(headers)}`;
      response.writeHead(500, { "content-type": "text/plain" }).end(heard);
    });
    await new Promise<void>((resolve) => parrot.listen(0, "127.0.0.1", resolve));
    const level = ["--log-level=debug"];
    toolkit = await Toolkit.start({
      kubeconfig: cluster.kubeconfig,
      namespace,
      args: { "source-controller": level, "kustomize-controller": level, "notification-controller": level },
    });
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await new Promise((resolve) => parrot?.close(resolve));
  });

  const secret = (name: string, data: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    data: inBase64(data),
  });

  it("is never said by anybody, whatever goes wrong with it", { timeout: 180_000 }, async () => {
    // why: a server that listens on TCP has an address with a port
    const host = `127.0.0.1:${(parrot.address() as AddressInfo).port}`;
    const sources = [
      gitRepository(namespace, "url", `http://user:${encodeURIComponent(canary("url"))}@${host}/app.git`),
      gitRepository(namespace, "basic", `http://${host}/app.git`, { secretRef: { name: "basic" } }),
      gitRepository(namespace, "bearer", `http://${host}/app.git`, { secretRef: { name: "bearer" } }),
      gitRepository(namespace, "proxy", `http://git.invalid/app.git`, { proxySecretRef: { name: "proxy" } }),
    ];
    const manifests: Readonly<Record<string, string>> = {
      data: `data: ${JSON.stringify(canary("data"))}`,
      list: `data: { password: [${JSON.stringify(canary("list"))}] }`,
      nested: `stringData: { password: { deep: ${JSON.stringify(canary("nested"))} } }`,
      base64: `data: { password: ${JSON.stringify(canary("base64"))} }`,
      immutable: `immutable: true\ndata: { password: ${Buffer.from(canary("immutable")).toString("base64")} }`,
    };
    for (const [name, data] of Object.entries(manifests)) {
      await toolkit.commit({ "secret.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name}, namespace: ${namespace} }\n${data}\n` }, name);
    }
    const kustomize = (rest: string): string => `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${rest}\n`;
    const test = JSON.stringify(JSON.stringify([{ op: "test", path: "/data/password", value: canary("patch") }]));
    await toolkit.commit({ "kustomization.yaml": kustomize(`secretGenerator: [{ name: x, literals: [${JSON.stringify(canary("literal"))}] }]`) }, "literal");
    await toolkit.commit(
      {
        "kustomization.yaml": kustomize(`resources: [secret.yaml]\npatches: [{ target: { kind: Secret }, patch: ${test} }]`),
        "secret.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: x }\ndata: { password: ${Buffer.from(canary("patch")).toString("base64")} }\n`,
      },
      "patch",
    );
    await toolkit.commit(
      { "secret.yaml": `apiVersion: v1\nkind: Secret\nmetadata: { name: x }\nstringData:\n  a: ${canary("yaml")}\n  a: "${canary("yaml")}\n` },
      "yaml",
    );
    const branches = [...Object.keys(manifests), "literal", "patch", "yaml"];
    await toolkit.cluster.apply(
      secret("basic", { username: "user", password: canary("basic") }),
      secret("bearer", { bearerToken: canary("bearer") }),
      secret("proxy", { address: `http://${host}`, username: "user", password: canary("proxy") }),
      secret("hook", { token: canary("hook") }),
      { ...secret("immutable", { password: "other" }), immutable: true },
      secret("address", {
        address: `http://${host}/${encodeURIComponent(canary("address"))}`,
        token: canary("token"),
        headers: `authorization: ${canary("header")}\n`,
      }),
      ...alerting(namespace, toolkit.sink.url),
      { apiVersion: ALERT_VERSION, kind: "Provider", metadata: { name: "parrot", namespace }, spec: { type: "generic", secretRef: { name: "address" } } },
      {
        apiVersion: ALERT_VERSION,
        kind: "Alert",
        metadata: { name: "parrot", namespace },
        spec: { providerRef: { name: "parrot" }, eventSources: [{ kind: "GitRepository", name: "*" }] },
      },
      {
        apiVersion: NOTIFICATION_VERSION,
        kind: "Receiver",
        metadata: { name: "hook", namespace },
        spec: { type: "generic-hmac", secretRef: { name: "hook" }, resources: [{ kind: "GitRepository", name: "*" }] },
      },
      ...sources,
      ...branches.flatMap((branch) => [gitRepository(namespace, branch, toolkit.git.url, { ref: { branch } }), kustomization(namespace, branch, branch)]),
    );
    const failed = (apiVersion: string, kind: string, name: string, reasons: readonly string[]): Promise<unknown> =>
      toolkit.cluster.untilObject(`a failure of ${kind} ${name}`, { apiVersion, kind, namespace, name }, (object) => {
        const ready = conditionOf(object, "Ready");
        return ready?.["status"] === "False" && reasons.includes(String(ready["reason"]));
      });
    for (const { metadata } of sources) await failed(SOURCE_VERSION, "GitRepository", metadata.name, ["GitOperationFailed"]);
    for (const branch of branches) await failed(KUSTOMIZE_VERSION, "Kustomization", branch, ["BuildFailed", "ReconciliationFailed"]);
    const receiver = await toolkit.cluster.untilObject(
      "a path to post to",
      { apiVersion: NOTIFICATION_VERSION, kind: "Receiver", namespace, name: "hook" },
      (object) => at(object, "status", "webhookPath") !== undefined,
    );
    const path = String(at(receiver, "status", "webhookPath"));
    const notification = toolkit.controller("notification-controller");
    await fetch(`http://${notification.addresses["receiver"]}${path}?token=${encodeURIComponent(canary("hook"))}`, {
      method: "POST",
      headers: { "x-signature": `sha256=${canary("hook")}` },
    });
    await until("a failure of the Provider", async () => (await notification.log()).includes("event not delivered") || undefined);

    const kinds = [
      { apiVersion: "v1", kind: "Event" },
      { apiVersion: SOURCE_VERSION, kind: "GitRepository" },
      { apiVersion: KUSTOMIZE_VERSION, kind: "Kustomization" },
      { apiVersion: ALERT_VERSION, kind: "Alert" },
      { apiVersion: NOTIFICATION_VERSION, kind: "Receiver" },
    ];
    const said: Record<string, string> = { sink: toolkit.sink.messages.map(({ body }) => body).join("\n") };
    for (const kind of kinds) {
      const objects = await toolkit.cluster.list({ ...kind, namespace });
      said[`${kind.kind} objects`] = JSON.stringify(objects.map((object) => (kind.kind === "Event" ? object : object["status"])));
    }
    for (const name of START_ORDER) {
      const controller = toolkit.controller(name);
      said[`log of ${name}`] = await controller.log();
      said[`metrics of ${name}`] = await (await fetch(`http://${controller.addresses["metrics"]}/metrics`)).text();
    }
    const leaks = Object.entries(said).flatMap(([who, text]) =>
      PLACES.flatMap((place) =>
        formsOf(canary(place))
          .filter((form) => text.includes(form))
          .map((form) => `${who}: ${text.slice(Math.max(0, text.indexOf(form) - 200), text.indexOf(form) + 80)}`),
      ),
    );
    expect(leaks).toEqual([]);
    expect(said[`log of notification-controller`]).not.toContain(path);
    expect(START_ORDER.map((name) => toolkit.controller(name).end)).toEqual([undefined, undefined, undefined]);
  });
});
