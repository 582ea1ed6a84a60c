import type { LiveObject } from "@plumb/api";
import { describe, expect, it } from "vitest";
import type { KubeClient } from "./kube-client.ts";
import { readSecretData } from "./read-secret-data.ts";

const { signal } = new AbortController();
const METADATA = { name: "token", namespace: "apps", uid: "u", resourceVersion: "1" };

function holding(secret: LiveObject | undefined): Pick<KubeClient, "get"> {
  return {
    get: ({ resource, namespace, name }) => Promise.resolve(resource.plural === "secrets" && namespace === "apps" && name === "token" ? secret : undefined),
  };
}

describe("the values of a Secret", () => {
  it.each<[string, LiveObject["data"], object]>([
    ["are decoded as UTF-8", { token: Buffer.from("gehäim").toString("base64"), empty: "" }, { token: "gehäim", empty: "" }],
    ["are none without data", undefined, {}],
  ])("%s", async (_, data, values) => {
    const secret: LiveObject = { apiVersion: "v1", kind: "Secret", metadata: METADATA, ...(data === undefined ? {} : { data }) };
    expect(await readSecretData(holding(secret), "apps", "token", signal)).toEqual(values);
  });

  it("that is not there are not those of an empty one", async () => {
    expect(await readSecretData(holding(undefined), "apps", "token", signal)).toBeUndefined();
  });
});
