import { ManualClock } from "@plumb/events/testing";
import { ToolkitError } from "@plumb/std";
import { beforeEach, expect, it } from "vitest";
import { sampleProvider } from "../testing/samples.ts";
import { ProviderSecretsCache } from "./secrets-cache.ts";

const signal = new AbortController().signal;
const provider = sampleProvider({ secretRef: { name: "auth" } });
let reads: number;
let isAway: boolean;
let clock: ManualClock;
let cache: ProviderSecretsCache;

beforeEach(() => {
  reads = 0;
  isAway = false;
  clock = new ManualClock();
  cache = new ProviderSecretsCache(
    {
      get: async () => {
        reads += 1;
        if (isAway) throw new ToolkitError("unavailable", "no answer");
        return {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "auth", uid: "s", resourceVersion: "1" },
          data: { token: Buffer.from(`read ${reads}`).toString("base64") },
        };
      },
    },
    clock,
  );
});

const token = async (of = provider): Promise<string | undefined> => (await cache.get(of, signal)).auth?.["token"];

it("a storm of events reads a Secret once, and a rotated one counts after five seconds", async () => {
  expect(new Set(await Promise.all(Array.from({ length: 100 }, () => token())))).toEqual(new Set(["read 1"]));
  clock.advance(4999);
  expect(await token()).toBe("read 1");
  clock.advance(1);
  expect(await token()).toBe("read 2");
});

it("a Provider that changes is read anew, and so is everything when a watched Secret does", async () => {
  await token();
  expect(await token(sampleProvider({ secretRef: { name: "auth" } }, { resourceVersion: "2" }))).toBe("read 2");
  cache.clear();
  expect(await token()).toBe("read 3");
});

it("what was read for Providers that send no more does not stay in memory", async () => {
  for (let count = 0; count < 100; count++) await token(sampleProvider({ secretRef: { name: "auth" } }, { uid: `p${count}` }));
  clock.advance(5000);
  await token();
  expect(cache.size).toBe(1);
});

it("a failure is not kept", async () => {
  isAway = true;
  await expect(token()).rejects.toThrow("failed to get secret 'team/auth': no answer");
  isAway = false;
  expect(await token()).toBe("read 2");
});
