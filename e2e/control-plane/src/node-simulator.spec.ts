import { describe, expect, it } from "vitest";

import { nextForClaim, nextForPod } from "./node-simulator.ts";

const metadata = { name: "a", namespace: "n", uid: "01234567-89ab-cdef-0123-456789abcdef" };
const bound = { nodeName: "simulated", containers: [{ name: "c", image: "app:1" }] };
const unpullable = { nodeName: "simulated", containers: [{ name: "c", image: "registry.invalid:5000/app:1" }] };
const job = { ...metadata, ownerReferences: [{ kind: "Job" }] };

describe("a pod", () => {
  const next: Record<string, [pod: Parameters<typeof nextForPod>[0], path: string | undefined, expected?: object]> = {
    "that nobody has placed is bound": [{ metadata, spec: {} }, "/binding", { target: { name: "simulated" } }],
    "that is bound runs and is ready": [
      { metadata, spec: bound, status: { phase: "Pending" } },
      "/status",
      { status: { phase: "Running", containerStatuses: [{ ready: true }] } },
    ],
    "of a Job succeeds": [
      { metadata: job, spec: bound },
      "/status",
      { status: { phase: "Succeeded", containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] } },
    ],
    "whose image can never be pulled waits for it": [
      { metadata, spec: unpullable, status: { phase: "Pending" } },
      "/status",
      { status: { phase: "Pending", containerStatuses: [{ ready: false, state: { waiting: { reason: "ImagePullBackOff" } } }] } },
    ],
    "that waits for its image is left alone": [{ metadata, spec: unpullable, status: { phase: "Pending", containerStatuses: [{}] } }, undefined],
    "that runs is left alone": [{ metadata, spec: bound, status: { phase: "Running" } }, undefined],
    "that is being deleted goes, whatever it does": [
      { metadata: { ...metadata, deletionTimestamp: "2026-01-02T03:04:05Z" }, spec: bound, status: { phase: "Running" } },
      "",
      { gracePeriodSeconds: 0 },
    ],
  };
  it.each(Object.entries(next))("%s", (_, [pod, path, expected]) => {
    const act = nextForPod(pod);
    expect(act?.path).toBe(path);
    if (expected !== undefined) expect(act?.body).toMatchObject(expected);
  });
});

describe("a claim", () => {
  it("is bound once", () => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    expect(nextForClaim({ metadata, spec })?.body).toMatchObject({ status: { phase: "Bound", capacity: { storage: "1Gi" } } });
    expect(nextForClaim({ metadata, spec, status: { phase: "Bound" } })).toBeUndefined();
  });
});
