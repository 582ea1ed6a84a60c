import { randomUUID } from "node:crypto";
import { sharedCluster } from "@plumb/e2e/cluster";
import { alerting, at, gitRepository, isReady, NOTIFICATION_VERSION, targetOf, Toolkit, until } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

describe.skipIf(cluster.kind === "absent")("a source that is followed, without an applier", () => {
  const namespace = `sources-${randomUUID().slice(0, 8)}`;
  let toolkit: Toolkit;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    toolkit = await Toolkit.prepare({ kubeconfig: cluster.kubeconfig, namespace });
    await toolkit.startController("notification-controller");
    await toolkit.startController("source-controller");
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url));
  });
  afterAll(async () => toolkit?.[Symbol.asyncDispose]());

  it("becomes an artifact that can be fetched, is told, and follows a web-hook", async () => {
    const first = await toolkit.commit({ "a.yaml": "a: 1\n" });
    const source = gitRepository(namespace, "app", toolkit.git.url);
    await toolkit.cluster.apply(source);
    const ready = await toolkit.cluster.untilObject("an artifact", targetOf(source), isReady);
    expect(at(ready, "status", "artifact", "revision")).toBe(first);
    const answer = await fetch(String(at(ready, "status", "artifact", "url")));
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, at(ready, "status", "artifact", "size")]);
    await until("an alert about the new artifact", () => toolkit.sink.messages.find(({ body }) => body.includes('"NewArtifact"')));

    await toolkit.cluster.apply(
      { apiVersion: "v1", kind: "Secret", metadata: { name: "hook", namespace }, data: { token: Buffer.from("sesame").toString("base64") } },
      {
        apiVersion: NOTIFICATION_VERSION,
        kind: "Receiver",
        metadata: { name: "hook", namespace },
        spec: { type: "generic", secretRef: { name: "hook" }, resources: [{ kind: "GitRepository", name: "app" }] },
      },
    );
    const receiver = await toolkit.cluster.untilObject(
      "a path to post to",
      { apiVersion: NOTIFICATION_VERSION, kind: "Receiver", namespace, name: "hook" },
      (object) => at(object, "status", "webhookPath") !== undefined && isReady(object),
    );
    const second = await toolkit.commit({ "a.yaml": "a: 2\n" });
    expect(await toolkit.postHook(receiver)).toBe(200);
    await toolkit.cluster.untilObject("the second commit", targetOf(source), (object) => at(object, "status", "artifact", "revision") === second);
  });
});
