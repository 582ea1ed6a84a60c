import { ToolkitError, type JsonObject } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, isProtobuf } from "./protobuf.ts";

/** Bodies written by k8s.io/apimachinery v0.36.3, and the JSON that the same library writes of the same objects. */
const BODIES: Readonly<Record<string, readonly [base64: string, json: JsonObject]>> = {
  Namespace: [
    "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhkKEQoBbhIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
    { kind: "Namespace", apiVersion: "v1", metadata: { name: "n" }, spec: {}, status: {} },
  ],
  ConfigMap: [
    "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEjoKJQoBYxIAGgAiACoAMgA4AEIAWgcKAWESAsO8WgkKBWVtcHR5EgASBgoBaxIBdhoHCgFiEgIA/yAAGgAiAA==",
    {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "c", labels: { a: "ü", empty: "" } },
      immutable: false,
      data: { k: "v" },
      binaryData: { b: "AP8=" },
    },
  ],
  Pod: [
    "azhzAAoJCgJ2MRIDUG9kEn4KKgoBcBIAGgAiACoAMgA4AEIICKXr3MoGEABqDwoBWBoBeCIBdSoCdjEwARI7ChAKAXYSC5oBCAoDCgFjGKQDCgkKAWUSBBICCgAaACAAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAaEwoAGgAiACoAMgBKAFoAcgCIAQAaACIA",
    {
      kind: "Pod",
      apiVersion: "v1",
      metadata: {
        name: "p",
        creationTimestamp: "2026-01-02T03:04:05Z",
        ownerReferences: [{ apiVersion: "v1", kind: "X", name: "x", uid: "u", controller: true }],
      },
      spec: {
        volumes: [
          { name: "v", configMap: { name: "c", defaultMode: 420 } },
          { name: "e", emptyDir: {} },
        ],
        containers: null,
        terminationGracePeriodSeconds: 0,
      },
      status: {},
    },
  ],
  Deployment: [
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Es8BChEKAWQSABoAIgAqADIAOABCABKrAQgAEgoKCAoDYXBwEgFkGn4KEAoAEgAaACIAKgAyADgAQgASahJMCgFtEgFpIgFhIgAqAEIPCg0KA2NwdRIGCgQxMDBtUhwKEBIOCgASBggAEFAaABoAIgAQABgAIAAoADAAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiFwoAEhMKBggAEAEaABIJCAEQABoDMjUlKAA4ABoMCAAQABgAIAAoADgAGgAiAA==",
    {
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name: "d" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "d" } },
        template: {
          metadata: {},
          spec: { containers: [{ name: "m", image: "i", args: ["a", ""], resources: { limits: { cpu: "100m" } }, livenessProbe: { httpGet: { port: 80 } } }] },
        },
        strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: "25%" } },
      },
      status: {},
    },
  ],
  CustomResourceDefinition: [
    "azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEo0CChcKB3guZS5jb20SABoAIgAqADIAOABCABLjAQoFZS5jb20aCAoAEgAiACoAIgA6ywEKAnYxEAEYACK+AQq7AQoAEgAiACoGb2JqZWN0MgA6AEkAAAAAAAD4P1AAYAB6AJABAOoBWgoBYRJVCgASACIAKgVhcnJheTIAOgBCBwoFWyJ4Il1QAGAAegCQAQDCASYKJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAOoBLgoBYhIpCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEA8gECCAGoAgC4AgDAAgCoAgC4AgDAAgA4AFAAGgwSCAoAEgAiACoAIAAaACIA",
    {
      kind: "CustomResourceDefinition",
      apiVersion: "apiextensions.k8s.io/v1",
      metadata: { name: "x.e.com" },
      spec: {
        group: "e.com",
        names: { plural: "", kind: "" },
        scope: "",
        versions: [
          {
            name: "v1",
            served: true,
            storage: false,
            schema: {
              openAPIV3Schema: {
                type: "object",
                maximum: 1.5,
                properties: { a: { type: "array", default: ["x"], items: { type: "string" } }, b: { type: "object", additionalProperties: true } },
              },
            },
          },
        ],
      },
      status: { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: null },
    },
  ],
  "DeleteOptions in the version of what is deleted": [
    "azhzAAoYCgdhcHBzL3YxEg1EZWxldGVPcHRpb25zEgUqA0FsbBoAIgA=",
    { kind: "DeleteOptions", apiVersion: "apps/v1", dryRun: ["All"] },
  ],
};

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** A body of one object, of short fields. */
function bodyOf(kind: string, ...fields: readonly (readonly number[])[]): Uint8Array {
  const typeMeta = [...text(1, "v1"), ...text(2, kind)];
  return new Uint8Array([0x6b, 0x38, 0x73, 0, ...field(1, typeMeta), ...field(2, fields.flat())]);
}

function field(number: number, content: readonly number[]): readonly number[] {
  return [(number << 3) | 2, content.length, ...content];
}

function text(number: number, content: string): readonly number[] {
  return field(number, [...Buffer.from(content)]);
}

describe("bodies in protobuf", () => {
  it.each(Object.entries(BODIES))("of a %s are read as the JSON that Go would have sent", (_, [base64, json]) => {
    expect(isProtobuf(bytes(base64))).toBe(true);
    expect(decodeProtobuf(bytes(base64))).toEqual(json);
  });

  it("cut short at any byte are refused or read as less, never as a bug", () => {
    for (const [base64] of Object.values(BODIES)) {
      const whole = bytes(base64);
      for (let end = 0; end < whole.length; end += 1) {
        try {
          decodeProtobuf(whole.subarray(0, end));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolkitError);
        }
      }
    }
  });

  it("with any byte flipped are refused or read otherwise, never as a bug", () => {
    for (const [base64] of Object.values(BODIES)) {
      const whole = bytes(base64);
      for (let at = 0; at < whole.length; at += 1) {
        const flipped = whole.with(at, (whole[at] ?? 0) ^ 0xff);
        try {
          decodeProtobuf(flipped);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolkitError);
        }
      }
    }
  });

  it("keep a key of any name", () => {
    const data = ["__proto__", "constructor"].map((key) => field(2, [...text(1, key), ...text(2, "v")]));
    expect(JSON.stringify(decodeProtobuf(bodyOf("ConfigMap", ...data))["data"])).toBe('{"__proto__":"v","constructor":"v"}');
  });

  it.each([
    ["before the year 0", [0x80, 0x80, 0x80, 0x80, 0x80, 0xe0, 0xff, 0xff, 0xff, 0x01]],
    ["after the year 9999", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]],
  ])("of a time %s are refused", (_, seconds) => {
    const created = field(1, field(8, [8, ...seconds]));
    expect(() => decodeProtobuf(bodyOf("ConfigMap", created))).toThrow("the year of a time is outside of 0 to 9999");
  });

  it("of a kind that is not built in are refused by name", () => {
    const body = new Uint8Array([0x6b, 0x38, 0x73, 0, 10, 10, 10, 2, 118, 57, 18, 4, 84, 104, 105, 110]);
    expect(() => decodeProtobuf(body)).toThrow('no kind "Thin" is registered for version "v9"');
    expect(() => decodeProtobuf(new TextEncoder().encode("{}"))).toThrow("does not appear to be a protobuf message");
  });
});
