import { asksToSubstitute, type Kustomization, type KustomizationSpec } from "@plumb/api";
import { parseDurationMs } from "@plumb/std";

/** Milliseconds that the shortest timeout is long. */
const MIN_TIMEOUT_MS = 30_000;

export function intervalMs({ spec }: Kustomization): number {
  return parseDurationMs(spec.interval);
}

/** Fixed, not a back-off (spec/flux-core 2.2). */
export function retryMs({ spec }: Kustomization): number {
  return parseDurationMs(spec.retryInterval ?? spec.interval);
}

/** Half a minute less than the interval where the user sets none; never less than half a minute. */
export function timeoutMs({ spec }: Kustomization): number {
  return Math.max(MIN_TIMEOUT_MS, spec.timeout === undefined ? parseDurationMs(spec.interval) - MIN_TIMEOUT_MS : parseDurationMs(spec.timeout));
}

/** Names the first field that the CRD admits and this version does not act on; undefined when there is none. */
export function unsupportedField(spec: KustomizationSpec): string | undefined {
  const uses: readonly (readonly [field: string, isUsed: boolean])[] = [
    ["spec.decryption", spec.decryption !== undefined],
    ["spec.postBuild", asksToSubstitute(spec)],
    ["spec.kubeConfig", spec.kubeConfig !== undefined],
    ["spec.serviceAccountName", (spec.serviceAccountName ?? "") !== ""],
    ["spec.healthCheckExprs", (spec.healthCheckExprs ?? []).length > 0],
    ["spec.force", spec.force === true],
    ["spec.ignore", (spec.ignore ?? []).length > 0],
    ["spec.dependsOn[].readyExpr", (spec.dependsOn ?? []).some(({ readyExpr }) => (readyExpr ?? "") !== "")],
  ];
  return uses.find(([, isUsed]) => isUsed)?.[0];
}

/** The source that is named, with its namespace filled in. */
export function sourceOf({ metadata, spec }: Kustomization): { readonly kind: string; readonly namespace: string; readonly name: string } {
  const { kind, name, namespace } = spec.sourceRef;
  return { kind, name, namespace: namespace ?? metadata.namespace ?? "" };
}
