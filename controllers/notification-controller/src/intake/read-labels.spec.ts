import { kubeError } from "@plumb/kube/testing";
import { ToolkitError } from "@plumb/std";
import { expect, it } from "vitest";
import { sampleEvent } from "../testing/samples.ts";
import { readLabels } from "./read-labels.ts";

const { signal } = new AbortController();

/** Reads the labels of the event's object from an API server that answers so. */
function labelsFrom(error: Error): ReturnType<typeof readLabels> {
  return readLabels({ resourceFor: () => Promise.reject(error), get: () => Promise.reject(error) }, sampleEvent(), signal);
}

it.each([
  ["is of no kind that is served", new ToolkitError("missing", 'no matches for kind "Kustomization"')],
  ["may not be read", kubeError({ status: 403, body: "" })],
])("an object that %s has no labels that can be read", async (_, error) => {
  expect(await labelsFrom(error)).toEqual({ kind: "unreadable" });
});

it.each([
  ["is away", new ToolkitError("unavailable", "no answer")],
  ["does not know who asks", kubeError({ status: 401, body: "" })],
])("an event is to be sent again while the API server %s", async (_, error) => {
  await expect(labelsFrom(error)).rejects.toBe(error);
});
