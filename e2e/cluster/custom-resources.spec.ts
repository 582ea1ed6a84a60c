import { randomUUID } from "node:crypto";
import { KINDS, type Manifest } from "@plumb/api";
import { at, ClusterClient, definitions, until } from "@plumb/e2e/toolkit";
import { isObject } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const source = { kind: "GitRepository", name: "app" };
const secretRef = { name: "secret" };

/** Spec by kind: the least that is accepted, and what each rule of the CRD refuses, by the rule's words. */
const SAMPLES: Readonly<Record<string, { readonly spec: object; readonly refused: Readonly<Record<string, object>> }>> = {
  GitRepository: {
    spec: { url: "https://example.com/app", interval: "1m" },
    refused: {
      "serviceAccountName can only be set when provider is 'azure' or 'aws'": { serviceAccountName: "a" },
      "spec.timeout in body should match": { timeout: "1h" },
      "spec.url in body should match": { url: "git://example.com/app" },
    },
  },
  OCIRepository: { spec: { url: "oci://example.com/app", interval: "1m" }, refused: { "spec.url in body should match": { url: "https://example.com/app" } } },
  Bucket: {
    spec: { bucketName: "app", endpoint: "example.com", interval: "1m" },
    refused: {
      "STS configuration is only supported for the 'aws' and 'generic' Bucket providers": {
        provider: "gcp",
        sts: { provider: "aws", endpoint: "https://sts" },
      },
      "'ldap' is the only supported STS provider for the 'generic' Bucket provider": { sts: { provider: "aws", endpoint: "https://sts" } },
      "cannot set both .spec.secretRef and .spec.serviceAccountName": { provider: "aws", secretRef, serviceAccountName: "a" },
    },
  },
  HelmRepository: { spec: { url: "https://example.com" }, refused: { "spec.url in body should match": { url: "ftp://example.com" } } },
  HelmChart: {
    spec: { chart: "app", interval: "1m", sourceRef: { kind: "HelmRepository", name: "app" } },
    refused: { "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'": { sourceRef: source, verify: { provider: "cosign" } } },
  },
  ExternalArtifact: { spec: {}, refused: {} },
  Kustomization: {
    spec: { interval: "1m", prune: true, sourceRef: source },
    refused: {
      "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified": { kubeConfig: { configMapRef: secretRef, secretRef } },
    },
  },
  Alert: { spec: { providerRef: { name: "chat" }, eventSources: [source] }, refused: { 'Unsupported value: "loud"': { eventSeverity: "loud" } } },
  Provider: { spec: { type: "slack" }, refused: { "spec.commitStatusExpr is only supported for the": { commitStatusExpr: "'a'" } } },
  Receiver: {
    spec: { type: "generic", secretRef, resources: [source] },
    refused: {
      "generic-oidc receivers must define at least one oidcProvider": { type: "generic-oidc" },
      "oidcProviders can only be set when type is generic-oidc": {
        oidcProviders: [{ issuerURL: "https://a", validations: [{ expression: "true", message: "no" }] }],
      },
    },
  },
};

describe.skipIf(cluster.kind === "absent")("the generated CustomResourceDefinitions on the real API server", () => {
  const namespace = `definitions-${randomUUID().slice(0, 8)}`;
  let client: ClusterClient;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    client = await ClusterClient.connect(cluster.kubeconfig);
    await client.apply(...(await definitions()));
    await client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  });
  afterAll(async () => {
    await client?.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
    client?.[Symbol.dispose]();
  });

  it.each(KINDS)("are accepted for $kind, without a structural fault", async ({ plural, group }) => {
    await until("the definition established", async () => {
      const definition = await client.get({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: `${plural}.${group}` });
      const conditions = definition === undefined ? [] : at(definition, "status", "conditions");
      const states = Array.isArray(conditions)
        ? conditions
            .filter(isObject)
            .map(({ type, status }) => `${String(type)}=${String(status)}`)
            .sort()
        : [];
      return states.join() === "Established=True,NamesAccepted=True" ? true : undefined;
    });
  });

  it.each(KINDS)("give a $kind its defaults", async (kind) => {
    await client.apply(object(kind.kind));
    const stored = await client.get({ ...target(kind.kind), name: "sample" });
    const defaults = Object.entries(kind.spec.properties ?? {}).filter(([, schema]) => schema.default !== undefined);
    for (const [field, schema] of defaults) expect({ [field]: at(stored ?? {}, "spec", field) }).toEqual({ [field]: schema.default });
    expect(at(stored ?? {}, "status", "observedGeneration")).toBe(kind.status?.default === undefined ? undefined : -1);
  });

  const refusals = Object.entries(SAMPLES).flatMap(([kind, { refused }]) => Object.entries(refused).map(([words, change]) => [kind, words, change] as const));
  it.each(refusals)("refuse a %s in the words %s", async (kind, words, change) => {
    await expect(client.apply(object(kind, change))).rejects.toThrow(words);
  });

  function target(kind: string): { apiVersion: string; kind: string; namespace: string } {
    const definition = KINDS.find((one) => one.kind === kind);
    return { apiVersion: `${definition?.group ?? ""}/${definition?.version ?? ""}`, kind, namespace };
  }

  function object(kind: string, change: object = {}): Manifest {
    const { apiVersion } = target(kind);
    return { apiVersion, kind, metadata: { name: "sample", namespace }, spec: { ...SAMPLES[kind]?.spec, ...change } };
  }
});
