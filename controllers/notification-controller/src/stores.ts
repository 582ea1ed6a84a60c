import { ALERT, PROVIDER, RECEIVER, type Alert, type LiveObject, type Provider, type Receiver } from "@plumb/api";
import type { KubeClient, Store } from "@plumb/kube";
import { watched } from "@plumb/runtime";
import { isObject, type Log } from "@plumb/std";

/** The objects that the controller lives from, as its watches have them. */
export interface Cluster {
  readonly alerts: Store;
  readonly providers: Store;
  readonly receivers: Store;
  /** Metadata of the Secrets whose changes are watched for; undefined where none are. */
  readonly secrets: Store | undefined;
}

export interface ClusterOptions {
  readonly client: KubeClient;
  /** Undefined means all. */
  readonly namespace: string | undefined;
  /** Selects the Secrets whose changes are watched for; undefined watches none (N-005). */
  readonly secretsSelector: string | undefined;
  readonly log: Log;
}

export function clusterOf({ client, namespace, secretsSelector, log }: ClusterOptions): Cluster {
  const options = { client, log, namespace };
  return {
    alerts: watched(ALERT, options),
    providers: watched(PROVIDER, options),
    receivers: watched(RECEIVER, { ...options, indexes: { path: pathOf } }),
    secrets:
      secretsSelector === undefined
        ? undefined
        : watched({ group: "", version: "v1", plural: "secrets" }, { ...options, metadataOnly: true, labelSelector: secretsSelector }),
  };
}

export function alertsIn({ alerts }: Cluster): readonly Alert[] {
  return [...alerts.list()].map((object) => checked<Alert>(object));
}

export function alertOf({ alerts }: Cluster, namespace: string, name: string): Alert | undefined {
  return optional<Alert>(alerts.get(namespace, name));
}

export function providerOf({ providers }: Cluster, namespace: string, name: string): Provider | undefined {
  return optional<Provider>(providers.get(namespace, name));
}

/** The Receiver whose status names the path. */
export function receiverAt({ receivers }: Cluster, path: string): Receiver | undefined {
  return optional<Receiver>(receivers.byIndex("path", path)[0]);
}

export function providersIn({ providers }: Cluster): readonly Provider[] {
  return [...providers.list()].map((object) => checked<Provider>(object));
}

export function receiversIn({ receivers }: Cluster): readonly Receiver[] {
  return [...receivers.list()].map((object) => checked<Receiver>(object));
}

function optional<Kind>(object: LiveObject | undefined): Kind | undefined {
  return object === undefined ? undefined : checked<Kind>(object);
}

function checked<Kind>(object: LiveObject): Kind {
  // why: the API server has checked the object against the CRD that the type is made from
  return object as unknown as Kind;
}

function pathOf(object: LiveObject): readonly string[] {
  const status = object["status"];
  const path = isObject(status) ? status["webhookPath"] : undefined;
  return typeof path === "string" && path !== "" ? [path] : [];
}
