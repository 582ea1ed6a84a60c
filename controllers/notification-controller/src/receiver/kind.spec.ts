import { RECEIVER, type LiveObject, type Receiver } from "@plumb/api";
import { fieldsToldUnsupported } from "@plumb/api/testing";
import { kubeError } from "@plumb/kube/testing";
import { reconcileOnce, removeOnce, type Report, type Tools } from "@plumb/runtime";
import { ToolkitError } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { sampleReceiver } from "../testing/samples.ts";
import { ReceiverReconciler } from "./kind.ts";
import { Tokens } from "./tokens.ts";
import { webhookPath } from "./webhook-path.ts";

type Status = NonNullable<Receiver["status"]>;

const tools: Tools<Status> = {
  signal: new AbortController().signal,
  atHost: (_host, work) => work(),
  nowMs: () => 0,
  progress: () => undefined,
  checkpoint: () => Promise.resolve(),
};
const secret = (data: Record<string, string>): LiveObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "token", namespace: "team", uid: "s", resourceVersion: "1" },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});

/** Counts what it is asked for. */
function cluster(answer: () => LiveObject | undefined): { reads: number; get: () => Promise<LiveObject | undefined> } {
  const client = {
    reads: 0,
    get: async (): Promise<LiveObject | undefined> => {
      client.reads += 1;
      return answer();
    },
  };
  return client;
}

async function run(receiver: Receiver, answer: () => LiveObject | undefined): Promise<{ report: Report<Status>; reads: number }> {
  const client = cluster(answer);
  const report = await reconcileOnce(new ReceiverReconciler(client, new Tokens(client, () => 0)), receiver, tools);
  return { report, reads: client.reads };
}

it("has a path of the digest of token, name and namespace, one after the other (N-004)", () => {
  expect(webhookPath("s3cret", sampleReceiver())).toBe("/hook/c2ce59ed1112be1a40e4eb720d78a3e8ffc093cc62a989517e50fbec3baa5c0f");
});

describe("a Receiver", () => {
  const path = webhookPath("s3cret", sampleReceiver());

  it("with a token gets its path", async () => {
    const { report } = await run(sampleReceiver(), () => secret({ token: "s3cret" }));
    expect(report).toEqual({
      outcome: { kind: "settled", reason: "Succeeded", message: `Receiver initialized for path: ${path}`, nextInMs: 600_000 },
      status: { webhookPath: path },
      conditions: {},
      notices: [{ severity: "info", reason: "Succeeded", message: "Reconciliation finished, next run in 10m0s", isQuiet: false }],
    });
  });

  it("of which nothing is new says so quietly", async () => {
    const { report } = await run(sampleReceiver({}, { webhookPath: path, observedGeneration: 2 }), () => secret({ token: "s3cret" }));
    expect(report.notices).toMatchObject([{ isQuiet: true }]);
  });

  it.each([
    ["whose Secret is missing", () => undefined, "unable to read token from secret 'team/token' error: secrets \"token\" not found"],
    ["whose Secret has no token", () => secret({ other: "s3cret" }), "invalid 'team/token' secret data: required fields 'token'"],
  ])("%s loses its path, and is tried again", async (_, answer, message) => {
    const { report } = await run(sampleReceiver({}, { webhookPath: path }), answer);
    expect(report).toMatchObject({ outcome: { kind: "failed", reason: "TokenNotFound", error: { message } }, status: { webhookPath: undefined } });
    expect(Object.keys(report.status)).toEqual(["webhookPath"]);
  });

  it("whose Secret may not be read loses its path", async () => {
    const { report } = await run(sampleReceiver({}, { webhookPath: path }), () => {
      throw kubeError({ status: 403, body: "" });
    });
    expect(Object.keys(report.status)).toEqual(["webhookPath"]);
  });

  it.each([
    ["is away", new ToolkitError("unavailable", "no answer")],
    ["does not know who asks", kubeError({ status: 401, body: "" })],
  ])("keeps its path while the API server %s", async (_, error) => {
    const { report } = await run(sampleReceiver({}, { webhookPath: path }), () => {
      throw error;
    });
    expect(report).toMatchObject({ outcome: { kind: "failed", reason: "TokenNotFound" }, status: {} });
    expect(Object.keys(report.status)).toEqual([]);
  });

  it.each([
    ['spec.type "gitlab"', { type: "gitlab" }],
    ['spec.type "generic-oidc"', { type: "generic-oidc" }],
    ["spec.oidcProviders", { oidcProviders: [{ issuerURL: "https://a", validations: [{ expression: "true", message: "" }] }] }],
    ["spec.resourceFilter", { resourceFilter: "true" }],
    [
      "spec.resources[1].filter",
      {
        resources: [
          { kind: "Bucket", name: "a" },
          { kind: "Bucket", name: "b", filter: "true" },
        ],
      },
    ],
  ] as const)("that asks for %s is refused by that name, and its Secret is not read", async (field, spec) => {
    const { report, reads } = await run(sampleReceiver(spec), () => secret({ token: "s3cret" }));
    const message = `Reconciliation failed terminally due to configuration error: ${field} is not supported`;
    expect(report).toMatchObject({
      outcome: { kind: "stalled", reason: "FeatureNotSupported", message },
      status: { webhookPath: undefined },
      notices: [{ severity: "error" }],
    });
    expect(reads).toBe(0);
  });

  it("can be asked for what is not built by no other fields than kubectl explain says are not supported", () => {
    expect(fieldsToldUnsupported(RECEIVER)).toEqual(["spec.oidcProviders", "spec.resourceFilter", "spec.resources.filter", "spec.type"]);
  });

  it("without a Secret is refused where the API server did not", async () => {
    const { secretRef: _, ...spec } = sampleReceiver().spec;
    const { report } = await run({ ...sampleReceiver(), spec }, () => undefined);
    expect(report.outcome).toMatchObject({
      kind: "stalled",
      reason: "ValidationFailed",
      message: expect.stringContaining("secretRef is required when type is not generic-oidc"),
    });
  });

  it("that is refused for the same reason again is not told again", async () => {
    const stalled = {
      type: "Stalled",
      status: "True",
      reason: "FeatureNotSupported",
      observedGeneration: 2,
      lastTransitionTime: "",
      message: "Reconciliation failed terminally due to configuration error: spec.resourceFilter is not supported",
    } as const;
    const { report } = await run(sampleReceiver({ resourceFilter: "true" }, { conditions: [stalled] }), () => undefined);
    expect(report.notices).toEqual([]);
  });

  it("is let go when it is deleted", async () => {
    const client = cluster(() => undefined);
    expect(await removeOnce(new ReceiverReconciler(client, new Tokens(client, () => 0)), sampleReceiver(), tools)).toEqual({ kind: "removed", notices: [] });
  });
});
