import { PROVIDER, type Provider, type Notice } from "@plumb/api";
import type { ControlledKind, Failure, Reconciler, Report, Verdict } from "@plumb/runtime";

export const PROVIDER_KIND: ControlledKind = {
  resource: PROVIDER,
  kind: PROVIDER.kind,
  apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
  isFinalized: true,
  hasStatus: false,
  fieldManager: "notification-controller",
};

/** The CRD has none. */
type NoStatus = Readonly<Record<never, never>>;

/** No object changes on its own; this only bounds how long a missed change may go unseen. */
const LOOK_AGAIN_MS = 10 * 60 * 60_000;

const SETTLED: Report<NoStatus> = {
  outcome: { kind: "settled", reason: "Succeeded", message: "Provider is read when an event comes", nextInMs: LOOK_AGAIN_MS },
  status: {},
  conditions: {},
  notices: [],
};

/** A Provider is read when an event comes; here it only gets its finalizer, and loses it (N-006). */
export const providerReconciler: Reconciler<Provider, void, never, void, NoStatus> = {
  observe: () => Promise.resolve(),
  plan: (): Verdict<never, NoStatus> => ({ kind: "halt", report: SETTLED }),
  act: () => Promise.resolve(),
  report: () => SETTLED,
  explain: (_provider, { error }: Failure<void>): Report<NoStatus> => ({
    outcome: { kind: "failed", reason: "Failed", error },
    status: {},
    conditions: {},
    notices: [],
  }),
  remove: (): Promise<{ kind: "removed"; notices: readonly Notice[] }> => Promise.resolve({ kind: "removed", notices: [] }),
};
