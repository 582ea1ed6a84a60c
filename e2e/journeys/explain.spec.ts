import { KINDS, type KindDefinition } from "@plumb/api";
import { describedCrd } from "@plumb/api/described-crd";
import { sharedCluster } from "@plumb/e2e/cluster";
import { at, ClusterClient, CommandLine, definitions, until } from "@plumb/e2e/toolkit";
import { isObject, type JsonValue } from "@plumb/std";
import { beforeAll, describe, expect, it } from "vitest";
import { kubectlFor } from "./kubectl.ts";

const cluster = sharedCluster();
const program = await kubectlFor(cluster);

/** The texts of spec and status by path; what else an object has, the API server explains itself. */
function textsOf(schema: JsonValue | undefined): Readonly<Record<string, string>> {
  const properties = isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(["spec", "status"].flatMap((part) => [...textsIn(properties[part], part)]));
}

function* textsIn(schema: JsonValue | undefined, path: string): Generator<readonly [path: string, text: string]> {
  if (!isObject(schema)) return;
  const { description, items, properties } = schema;
  if (typeof description === "string") yield [path, description];
  yield* textsIn(items, path);
  for (const [name, field] of Object.entries(isObject(properties) ? properties : {})) yield* textsIn(field, `${path}.${name}`);
}

function definedTexts(kind: KindDefinition): Readonly<Record<string, string>> {
  return textsOf(at(describedCrd(kind), "spec", "versions", 0, "schema", "openAPIV3Schema"));
}

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
    expect(Object.keys(definedTexts(kind)).length).toBeGreaterThan(5);
    expect(textsOf(served)).toEqual(definedTexts(kind));
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
