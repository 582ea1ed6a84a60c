import { createHttpClient } from "@plumb/http";
import { kubeError } from "@plumb/kube/testing";
import { systemClock, ToolkitError } from "@plumb/std";
import { expect, it } from "vitest";
import { readProviderSecrets } from "../provider/settings.ts";
import { sampleAlert, sampleEvent, sampleProvider } from "../testing/samples.ts";
import { deliver } from "./deliver.ts";
import { deliveryOf } from "./delivery.ts";

const alert = sampleAlert();

it.each([
  ["is missing", undefined, false],
  ["may not be read", kubeError({ status: 403, body: "" }), false],
  ["cannot be read, as the API server is away", new ToolkitError("unavailable", "no answer"), true],
  ["cannot be read, as the API server does not know who asks", kubeError({ status: 401, body: "" }), true],
])("a message whose Secret %s is kept as for a mistake or for an outage", async (_, error, isOutage) => {
  const client = { get: () => (error === undefined ? Promise.resolve(undefined) : Promise.reject(error)) };
  const options = {
    directory: { alert: () => alert, provider: () => sampleProvider({ secretRef: { name: "token" } }) },
    secretsOf: (provider: ReturnType<typeof sampleProvider>, signal: AbortSignal) => readProviderSecrets(client, provider, signal),
    httpFor: () => createHttpClient(),
    clock: systemClock,
  };
  expect(await deliver(deliveryOf(sampleEvent(), alert, 0), options, new AbortController().signal)).toMatchObject({ kind: "failed", isOutage });
});
