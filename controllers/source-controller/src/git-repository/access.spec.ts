import type { GitRepository, LiveObject } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { describe, expect, it } from "vitest";
import { readAccess } from "./access.ts";

const { signal } = new AbortController();
const REPOSITORY: GitRepository = {
  apiVersion: "source.toolkit.fluxcd.io/v1",
  kind: "GitRepository",
  metadata: { name: "shop", namespace: "apps", uid: "u", resourceVersion: "1" },
  spec: { interval: "1m", url: "https://git.example.com/shop", proxySecretRef: { name: "proxy" } },
};

/** A cluster that holds the Secret `proxy` with these values; none where they are undefined. */
function holding(values: Readonly<Record<string, string>> | undefined): Pick<KubeClient, "get"> {
  const data = Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
  const secret: LiveObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "proxy", namespace: "apps", uid: "s", resourceVersion: "1" }, data };
  return { get: () => Promise.resolve(values === undefined ? undefined : secret) };
}

describe("the Secret of a proxy", () => {
  it("says where it is and who asks", async () => {
    const values = { address: "http://proxy.example.com:3128", username: "me", password: "word" };
    expect(await readAccess(holding(values), REPOSITORY, signal)).toEqual({ proxy: values });
  });

  it.each<[string, Readonly<Record<string, string>> | undefined, string]>([
    ["is not there", undefined, "secret 'apps/proxy' not found"],
    ["names no address", { username: "me" }, "secret 'apps/proxy': key 'address' not found"],
    ["names too long a one", { address: `http://${"a".repeat(2048)}` }, "secret 'apps/proxy': proxy URL is too long: 2055 characters, max 2048"],
    [
      "names another scheme",
      { address: "ftp://me:word@proxy" },
      "secret 'apps/proxy': proxy URL must use one of the supported schemes (http, https, socks5), got 'ftp'",
    ],
    ["names no URL", { address: "http//proxy" }, "secret 'apps/proxy': failed to parse proxy address 'http//proxy'"],
    ["names none with a password that begins anywhere", { address: "http//me:wo/rd@proxy:1" }, "secret 'apps/proxy': failed to parse proxy address 'proxy:1'"],
  ])("that %s is refused by name, and nothing secret is told", async (_, values, message) => {
    const error = await failureOf(readAccess(holding(values), REPOSITORY, signal));
    expect(error).toMatchObject({ reason: "AuthenticationFailed", message: `failed to configure proxy options: ${message}` });
  });

  it("that cannot be read now is asked for again when the API server says", async () => {
    const busy: Pick<KubeClient, "get"> = { get: () => Promise.reject(new ToolkitError("throttled", "slow down", { retryAfterMs: 7000 })) };
    expect(await failureOf(readAccess(busy, REPOSITORY, signal))).toMatchObject({
      kind: "throttled",
      message: "failed to configure proxy options: failed to get secret 'apps/proxy': slow down",
      retryAfterMs: 7000,
    });
  });
});
