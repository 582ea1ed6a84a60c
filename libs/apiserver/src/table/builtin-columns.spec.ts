import type { JsonObject } from "@plumb/std";
import { builtinFacts } from "@plumb/openapi";
import { describe, expect, it } from "vitest";
import { textAt } from "../draft.ts";
import { columnsOf } from "./builtin-columns.ts";

/** What `kubectl get -o wide` shows of an object, by column. */
function shown(apiVersion: string, kind: string, object: JsonObject): Readonly<Record<string, unknown>> {
  const facts = builtinFacts().kind(apiVersion, kind);
  if (facts === undefined) throw new Error(`no facts about ${kind}`);
  const { definitions, cells } = columnsOf(facts);
  const row = cells(object, Date.parse("2030-01-01T00:01:00Z"));
  return Object.fromEntries(definitions.map((definition, index) => [textAt(definition, "name") ?? "", row[index]]));
}

const metadata = { name: "one", creationTimestamp: "2030-01-01T00:00:00Z" };

describe("the columns of built-in kinds", () => {
  it("show a node's addresses, and what is not known of it", () => {
    const node = {
      metadata,
      status: {
        addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
        nodeInfo: { kubeletVersion: "v1" },
        conditions: [{ type: "Ready", status: "True" }],
      },
    };
    expect(shown("v1", "Node", node)).toEqual({
      Name: "one",
      Status: "Ready",
      Roles: "<none>",
      Age: "60s",
      Version: "v1",
      "Internal-IP": "192.0.2.1",
      "External-IP": "<none>",
      "OS-Image": "<unknown>",
      "Kernel-Version": "<unknown>",
      "Container-Runtime": "<unknown>",
    });
  });

  it("show what is used of a quota, limits apart from requests", () => {
    const quota = { metadata, status: { hard: { pods: "100", "limits.cpu": "4", configmaps: "9" }, used: { pods: "5", "limits.cpu": "1" } } };
    expect(shown("v1", "ResourceQuota", quota)).toEqual({ Name: "one", Request: "configmaps: 0/9, pods: 5/100", Limit: "limits.cpu: 1/4", Age: "60s" });
  });

  it("show when a limit range was made", () => {
    expect(shown("v1", "LimitRange", { metadata })).toEqual({ Name: "one", "Created At": metadata.creationTimestamp });
  });
});
