import { keyOf } from "@plumb/runtime";
import type { Outbox } from "./delivery/outbox.ts";
import type { Tokens } from "./receiver/tokens.ts";
import { alertsIn, providersIn, receiversIn, type Cluster } from "./stores.ts";

/** Who is woken; a Controller can be. */
export interface Woken {
  enqueue(key: string): void;
}

export interface TriggerOptions {
  readonly outbox: Pick<Outbox, "wake">;
  /** What is known of Secrets. */
  readonly secrets: { clear(): void };
  readonly tokens: Pick<Tokens, "forget">;
  readonly receivers: Woken;
  readonly alerts: Woken;
}

/**
 * Wakes what refers to an object that changes: Receivers by their Secret (N-005), Alerts by their Provider, and what waits
 * for a Provider by it or its Secrets; and forgets the tokens of Receivers that are gone. Returns how to stop that.
 */
export function followReferences(cluster: Cluster, { outbox, secrets, tokens, receivers, alerts }: TriggerOptions): () => void {
  // why: every replica answers web-hooks and knows tokens, and only the one that leads reconciles
  const stopReceivers = cluster.receivers.subscribe(({ before, after }) => {
    if (before !== undefined && after === undefined) tokens.forget(keyOf(before));
  });
  const stopProviders = cluster.providers.subscribe(({ before, after }) => {
    const changed = after ?? before;
    if (changed === undefined || (before !== undefined && before.metadata.generation === after?.metadata.generation)) return;
    const { namespace = "", name } = changed.metadata;
    secrets.clear();
    outbox.wake(namespace, name);
    for (const alert of alertsIn(cluster)) if (alert.metadata.namespace === namespace && alert.spec.providerRef.name === name) alerts.enqueue(keyOf(alert));
  });
  const stopSecrets = cluster.secrets?.subscribe(({ before, after }) => {
    const changed = after ?? before;
    if (changed === undefined) return;
    const { namespace = "", name } = changed.metadata;
    secrets.clear();
    for (const receiver of receiversIn(cluster))
      if (receiver.metadata.namespace === namespace && receiver.spec.secretRef?.name === name) receivers.enqueue(keyOf(receiver));
    for (const { metadata, spec } of providersIn(cluster)) {
      const isNamed = [spec.secretRef, spec.certSecretRef, spec.proxySecretRef].some((ref) => ref?.name === name);
      if (metadata.namespace === namespace && isNamed) outbox.wake(namespace, metadata.name);
    }
  });
  return () => {
    stopReceivers();
    stopProviders();
    stopSecrets?.();
  };
}
