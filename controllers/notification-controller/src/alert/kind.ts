import { ALERT, FINALIZER, REASON, type Alert, type Provider, type Notice } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import type { ControlledKind, Failure, Reconciler, Report, Run, Tools, Verdict } from "@plumb/runtime";
import { providerType } from "../provider/types/provider-types.ts";

export const ALERT_KIND: ControlledKind = {
  resource: ALERT,
  kind: ALERT.kind,
  apiVersion: "notification.toolkit.fluxcd.io/v1beta3",
  isFinalized: false,
  hasStatus: false,
  fieldManager: "notification-controller",
};

/** The Provider that the Alert names, if it is there. */
interface Seen {
  readonly provider: Provider | undefined;
}

/** The finalizers that stay, when the one that older versions set has to go. */
interface Plan {
  readonly finalizers: readonly string[];
}

/** The CRD has none. */
type NoStatus = Readonly<Record<never, never>>;

/** No object changes on its own; this only bounds how long a missed change may go unseen. */
const LOOK_AGAIN_MS = 10 * 60 * 60_000;

/** An Alert is read when an event comes; here it loses an old finalizer (N-006) and learns that its Provider is not supported. */
export class AlertReconciler implements Reconciler<Alert, Seen, Plan, void, NoStatus> {
  readonly #client: Pick<KubeClient, "patch">;
  readonly #providerOf: (alert: Alert) => Provider | undefined;

  constructor(client: Pick<KubeClient, "patch">, providerOf: (alert: Alert) => Provider | undefined) {
    this.#client = client;
    this.#providerOf = providerOf;
  }

  observe(alert: Alert): Promise<Seen> {
    return Promise.resolve({ provider: this.#providerOf(alert) });
  }

  plan({ metadata }: Alert, { provider }: Seen): Verdict<Plan, NoStatus> {
    const finalizers = metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) return { kind: "halt", report: settled(unsupported(provider)) };
    return { kind: "proceed", plan: { finalizers: finalizers.filter((name) => name !== FINALIZER) } };
  }

  async act({ metadata }: Alert, { finalizers }: Plan, { signal }: Tools<NoStatus>): Promise<void> {
    const name = { resource: ALERT, namespace: metadata.namespace, name: metadata.name };
    const patch = { metadata: { finalizers: finalizers.length === 0 ? null : finalizers, resourceVersion: metadata.resourceVersion } };
    await this.#client.patch(name, patch, { type: "merge", fieldManager: "notification-controller", metadataOnly: true, signal });
  }

  report(_alert: Alert, { seen }: Run<Seen, Plan, void>): Report<NoStatus> {
    return settled([
      { severity: "info", reason: "Migration", message: "removed finalizer from Alert to migrate to static Alert" },
      ...unsupported(seen.provider),
    ]);
  }

  explain(_alert: Alert, { error }: Failure<Seen>): Report<NoStatus> {
    return { outcome: { kind: "failed", reason: "Failed", error }, status: {}, conditions: {}, notices: [] };
  }

  remove(): Promise<{ kind: "removed"; notices: readonly Notice[] }> {
    return Promise.resolve({ kind: "removed", notices: [] });
  }
}

function settled(notices: readonly Notice[]): Report<NoStatus> {
  return {
    outcome: { kind: "settled", reason: "Succeeded", message: "Alert is read when an event comes", nextInMs: LOOK_AGAIN_MS },
    status: {},
    conditions: {},
    notices,
  };
}

function unsupported(provider: Provider | undefined): readonly Notice[] {
  if (provider === undefined || providerType(provider.spec.type) !== undefined) return [];
  const { namespace = "", name } = provider.metadata;
  const message = `provider type "${provider.spec.type}" of Provider ${namespace}/${name} is not supported`;
  return [{ severity: "error", reason: REASON.FeatureNotSupported, message }];
}
