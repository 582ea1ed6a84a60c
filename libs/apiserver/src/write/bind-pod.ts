import type { JsonObject } from "@plumb/std";
import { draftOf, draftsAt, within, type Draft } from "../draft.ts";

/** A pod on its node, as the scheduler's binding leaves it. Source: `assignPod` in pkg/registry/core/pod/storage. */
export function boundPod(pod: JsonObject, nodeName: string, now: string): Draft {
  const draft = draftOf(pod);
  within(draft, "spec")["nodeName"] = nodeName;
  const status = within(draft, "status");
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  status["conditions"] = [...draftsAt(status, "conditions").filter(({ type }) => type !== "PodScheduled"), scheduled];
  return draft;
}
