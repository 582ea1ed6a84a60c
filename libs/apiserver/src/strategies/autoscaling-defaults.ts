import { draftAt, within, type Draft } from "../draft.ts";
import type { TypeDefaults } from "./type-defaults.ts";

function setAutoscaler(autoscaler: Draft): void {
  const spec = within(autoscaler, "spec");
  spec["minReplicas"] ??= 1;
  if (!Array.isArray(spec["metrics"]) || spec["metrics"].length === 0) {
    spec["metrics"] = [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
  }
  const behavior = draftAt(spec, "behavior");
  if (behavior === undefined) return;
  behavior["scaleUp"] = rules(draftAt(behavior, "scaleUp"), 0, [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ]);
  behavior["scaleDown"] = rules(draftAt(behavior, "scaleDown"), undefined, [{ type: "Percent", value: 100, periodSeconds: 15 }]);
}

function rules(given: Draft | undefined, windowSeconds: number | undefined, policies: Draft[]): Draft {
  return {
    ...(windowSeconds === undefined ? {} : { stabilizationWindowSeconds: windowSeconds }),
    selectPolicy: "Max",
    policies,
    ...given,
  };
}

/** Source: pkg/apis/autoscaling v1 and v2 defaults.go. */
export const AUTOSCALING_DEFAULTS: TypeDefaults = {
  "api.autoscaling.v1.HorizontalPodAutoscaler": (autoscaler) => {
    within(autoscaler, "spec")["minReplicas"] ??= 1;
  },
  "api.autoscaling.v2.HorizontalPodAutoscaler": setAutoscaler,
};
