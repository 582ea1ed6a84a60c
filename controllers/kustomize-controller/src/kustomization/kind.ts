import { KUSTOMIZATION, type Kustomization, type KustomizationStatus } from "@plumb/api";
import { keyOf, splitKey, type ControlledKind, type Reconciler } from "@plumb/runtime";
import { actOnKustomization, type ActOptions, type KustomizationDone } from "./act.ts";
import { observeKustomization, type KustomizationSeen, type World } from "./observe.ts";
import { planKustomization, type KustomizationPlan } from "./plan.ts";
import { removeKustomization } from "./remove.ts";
import { explainKustomization, reportKustomization } from "./report.ts";

export const KUSTOMIZATION_KIND: ControlledKind = {
  resource: { group: KUSTOMIZATION.group, version: KUSTOMIZATION.version, plural: KUSTOMIZATION.plural },
  kind: KUSTOMIZATION.kind,
  apiVersion: `${KUSTOMIZATION.group}/${KUSTOMIZATION.version}`,
  isFinalized: true,
  hasStatus: true,
  fieldManager: "gotk-kustomize-controller",
  isSeenSuspended: true,
  firstRunMessage: "Reconciliation in progress",
};

export interface KustomizationOptions extends ActOptions {
  readonly world: World;
}

export type KustomizationReconciler = Reconciler<Kustomization, KustomizationSeen, KustomizationPlan, KustomizationDone, KustomizationStatus>;

export function kustomizationReconciler(options: KustomizationOptions): KustomizationReconciler {
  const { attempts, client, baselines, world } = options;
  return {
    observe: (obj) => {
      attempts.forget(keyOf(obj));
      return Promise.resolve(observeKustomization(obj, world));
    },
    plan: planKustomization,
    act: (obj, plan, tools) => actOnKustomization(obj, plan, tools, options),
    report: reportKustomization,
    explain: explainKustomization,
    remove: (obj, { signal, nowMs }) => removeKustomization(obj, { client, baselines, nowMs: nowMs(), signal }),
  };
}

/** Drops what is kept of a Kustomization that is gone. */
export function forgetKustomization(key: string, { attempts, builds, corrections, drift, health, waits }: ActOptions): void {
  drift.forget(splitKey(key));
  corrections.forget(splitKey(key));
  builds.forget(key);
  health.forget(key);
  waits.end(key);
  attempts.forget(key);
}
