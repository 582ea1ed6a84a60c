import { KINDS } from "@plumb/api";
import { definedTexts, schemaTexts } from "@plumb/api/testing";
import { sharedCluster } from "@plumb/e2e/cluster";
import { at, ClusterClient, CommandLine, definitions, until } from "@plumb/e2e/toolkit";
import { beforeAll, describe, expect, it } from "vitest";
import { kubectlFor } from "./kubectl.ts";

const cluster = sharedCluster();
const program = await kubectlFor(cluster);

describe.skipIf(program === undefined)("kubectl explain", () => {
  const connect = (): CommandLine => {
    if (program === undefined || cluster.kind === "absent") throw new Error("not reached: skipped");
    return new CommandLine(program, { kubeconfig: cluster.kubeconfig, namespace: "default" });
  };

  beforeAll(async () => {
    if (program === undefined || cluster.kind === "absent") return;
    using client = await ClusterClient.connect(cluster.kubeconfig);
    await client.apply(...(await definitions()));
  });

  it.each(KINDS)("is told by the server of every field of a $kind what the definition says", async (kind) => {
    const { group, version } = kind;
    const name = `${group.split(".").reverse().join(".")}.${version}.${kind.kind}`;
    const served = await until(`the published schema of ${kind.kind}`, async () => {
      const { code, stdout } = await connect().run(["get", "--raw", `/openapi/v3/apis/${group}/${version}`]);
      return code === 0 ? at(JSON.parse(stdout), "components", "schemas", name) : undefined;
    });
    const texts = definedTexts(kind);
    expect(Object.keys(texts).length).toBeGreaterThan(5);
    expect(schemaTexts(served)).toEqual(texts);
  });

  it.each([
    ["kustomization.spec.wait", /FIELD: wait <boolean>\s+DESCRIPTION:\s+Is Ready only once every applied object is healthy/],
    ["kustomization.spec.force", /Not supported yet: a Kustomization that sets it\s+to true is refused\./],
    ["kustomization.spec.patches.target", /FIELDS:\s[^]*labelSelector\t<string>\s+Labels that an object must have/],
    ["gitrepository.spec.timeout", /Default: 60s\./],
    ["alert.spec.eventSources.name", /Name of the object, or \* for every one\./],
    ["provider", /DESCRIPTION:\s+Names a service that events are forwarded to/],
    ["receiver.status.conditions.reason", /One word for programs/],
    ["bucket", /No\s+controller of Plumb serves it yet\./],
  ])("tells of %s in words", async (field, words) => {
    const told = await until(`an explanation of ${field}`, async () => {
      const { code, stdout } = await connect().run(["explain", field]);
      return code === 0 ? stdout : undefined;
    });
    expect(told).toMatch(words);
  });
});
