import type { Manifest } from "@plumb/api";
import { describe, expect, it } from "vitest";
import { normalised } from "./normalise.ts";

function manifest(apiVersion: string, kind: string, rest: object, metadata: object = {}): Manifest {
  return { apiVersion, kind, metadata: { name: "x", namespace: "n", ...metadata }, ...rest } as Manifest;
}

describe("normalisation", () => {
  it("drops unknown fields and what is empty, and has what Go never leaves out", () => {
    const object = manifest(
      "apps/v1",
      "Deployment",
      {
        spec: {
          colour: "red",
          selector: { matchLabels: { a: "b" } },
          template: { spec: { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }], env: [] }] } },
        },
        status: { replicas: 3 },
      },
      { labels: {}, creationTimestamp: null, uid: "u" },
    );
    expect(normalised(object)).toEqual(
      manifest("apps/v1", "Deployment", {
        spec: {
          selector: { matchLabels: { a: "b" } },
          strategy: {},
          template: { metadata: {}, spec: { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80, protocol: "TCP" }], resources: {} }] } },
        },
      }),
    );
  });

  it("leaves Roles and kinds that are not built in as they are", () => {
    const role = manifest("rbac.authorization.k8s.io/v1", "ClusterRole", { rules: [], unknown: 1 });
    expect(normalised(role)).toEqual(role);
    expect(normalised(manifest("e.com/v1", "Thing", { spec: { empty: {}, none: null }, status: { a: 1 } }))).toEqual(
      manifest("e.com/v1", "Thing", { spec: { empty: {}, none: null } }),
    );
  });

  it("gives the rules of an aggregated role to its controller", () => {
    expect(normalised(manifest("rbac.authorization.k8s.io/v1", "ClusterRole", { aggregationRule: {}, rules: [{ verbs: ["get"] }] }))).not.toHaveProperty(
      "rules",
    );
  });

  it("encodes the plain data of a Secret over what it had encoded", () => {
    expect(normalised(manifest("v1", "Secret", { stringData: { a: "ü" }, data: { a: "eA==", b: "eA==" } }))).toMatchObject({ data: { a: "w7w=", b: "eA==" } });
    expect(normalised(manifest("v1", "Secret", { stringData: { a: "ü" } }))).not.toHaveProperty("stringData");
  });

  it.each([{ deep: "x" }, ["x"], 5432, true])("makes no password of what is no text: %j is left for the API server to refuse", (value) => {
    const secret = { stringData: { password: value, user: "me" }, data: { b: "eA==" } };
    expect(normalised(manifest("v1", "Secret", secret))).toMatchObject(secret);
    expect(normalised(manifest("v1", "Secret", { stringData: { password: null } }))).toMatchObject({ data: { password: "" } });
  });

  it("keeps the status of a definition that has one, and drops a bundle without a certificate", () => {
    const definition = manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
      spec: {
        group: "e.com",
        names: { kind: "T", plural: "ts" },
        scope: "Namespaced",
        versions: [],
        conversion: { strategy: "Webhook", webhook: { clientConfig: { caBundle: "Cg==" }, conversionReviewVersions: ["v1"] } },
      },
    });
    const { spec, status } = normalised(definition);
    expect(status).toBeUndefined();
    expect(spec).toMatchObject({ conversion: { webhook: { clientConfig: {} } } });
    expect(JSON.stringify(spec)).not.toContain("caBundle");
    expect(normalised({ ...definition, status: { conditions: [], acceptedNames: { kind: "T", plural: "ts" }, storedVersions: [] } })).toHaveProperty("status");
  });

  it("does not change when it is done twice", () => {
    for (const [apiVersion, kind] of [
      ["v1", "Service"],
      ["apps/v1", "StatefulSet"],
      ["batch/v1", "CronJob"],
      ["networking.k8s.io/v1", "Ingress"],
      ["autoscaling/v2", "HorizontalPodAutoscaler"],
    ] as const) {
      const once = normalised(manifest(apiVersion, kind, { spec: { ports: [{ port: 80 }] } }));
      expect(normalised(once)).toEqual(once);
    }
  });
});
