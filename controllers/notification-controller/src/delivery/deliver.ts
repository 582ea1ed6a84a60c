import { EVENT_KEY, REASON, type Alert, type Provider } from "@plumb/api";
import { readAll, retryAfterMs, type HttpClient } from "@plumb/http";
import { isUnauthenticated } from "@plumb/kube";
import { reworded, ToolkitError, toToolkitError, withDeadline, type Clock } from "@plumb/std";
import { DISPATCH_FAILED, type Attempt, type Delivery } from "./delivery.ts";
import { objectGroup } from "../intake/event-intake.ts";
import { combinedMetadata } from "./event-metadata.ts";
import { objectOf } from "../intake/match.ts";
import { masked } from "../provider/masked.ts";
import { providerSettings, type ProviderSecrets } from "../provider/settings.ts";
import type { Message, Outgoing, ProviderSettings, ProviderType } from "../provider/types/provider-type.ts";
import { isGeneric, providerType } from "../provider/types/provider-types.ts";

/** Finds the Alerts and Providers as the cluster has them. */
export interface Directory {
  alert(namespace: string, name: string): Alert | undefined;
  provider(namespace: string, name: string): Provider | undefined;
}

export interface DeliverOptions {
  readonly directory: Directory;
  /** The Secrets that a Provider names. */
  readonly secretsOf: (provider: Provider, signal: AbortSignal) => Promise<ProviderSecrets>;
  readonly httpFor: (settings: ProviderSettings) => HttpClient;
  readonly clock: Clock;
}

/** Of an answer no more is read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Tries one delivery once. Never rejects; no message holds a credential. */
export async function deliver(delivery: Delivery, options: DeliverOptions, signal: AbortSignal): Promise<Attempt> {
  const { alert: ref, provider: name, event } = delivery;
  const alert = options.directory.alert(ref.namespace, ref.name);
  if (alert?.metadata.uid !== ref.uid) return { kind: "obsolete", because: "the Alert is gone" };
  if (alert.spec.suspend ?? false) return { kind: "obsolete", because: "the Alert is suspended" };
  const provider = options.directory.provider(ref.namespace, name);
  if (provider === undefined)
    return failed(
      `failed to dispatch notification for ${objectOf(event)}: failed to read provider: Provider.notification.toolkit.fluxcd.io "${name}" not found`,
    );
  const reason = obsoleteAt(delivery, provider);
  if (reason !== undefined) return { kind: "obsolete", because: reason };
  const type = providerType(provider.spec.type);
  if (type === undefined)
    return {
      kind: "refused",
      reason: REASON.FeatureNotSupported,
      message: `provider type "${provider.spec.type}" of Provider ${ref.namespace}/${name} is not supported`,
    };
  return sendTo(type, { delivery, alert, provider }, options, signal);
}

/** Why the Provider is not for this event (N-014); undefined when it is. */
function obsoleteAt({ event }: Delivery, { spec }: Provider): string | undefined {
  if (spec.suspend ?? false) return "the Provider is suspended";
  const isStatusUpdate = event.metadata?.[`${objectGroup(event)}/${EVENT_KEY.CommitStatus}`] === "update";
  return isStatusUpdate && !isGeneric(spec.type) && !COMMIT_STATUS_TYPES.has(spec.type) ? "the event is for commit statuses" : undefined;
}

/** Types that write commit statuses (N-021); none is built, and a delivery to one is refused by name. */
const COMMIT_STATUS_TYPES: ReadonlySet<string> = new Set(["github", "gitlab", "gitea", "bitbucketserver", "bitbucket", "azuredevops"]);

interface Addressed {
  readonly delivery: Delivery;
  readonly alert: Alert;
  readonly provider: Provider;
}

async function sendTo(type: ProviderType, { delivery: { event }, alert, provider }: Addressed, options: DeliverOptions, signal: AbortSignal): Promise<Attempt> {
  let settings: ProviderSettings;
  let request: Outgoing;
  try {
    settings = providerSettings(provider, await options.secretsOf(provider, signal));
    const { metadata, authored } = combinedMetadata(event, alert);
    request = requestOf(type, { event: { ...event, metadata }, authored }, settings);
  } catch (thrown) {
    const error = toToolkitError(thrown);
    const message = `failed to dispatch notification for ${objectOf(event)}: failed to initialize notifier for provider '${provider.metadata.name}': ${error.message}`;
    return { ...failed(message), isOutage: isOutage(error), retryAfterMs: error.retryAfterMs };
  }
  const prefix = `failed to send notification for ${objectOf(event)}: postMessage failed: `;
  try {
    return await exchange(type, request, { settings, options, prefix }, signal);
  } catch (thrown) {
    const error = toToolkitError(thrown);
    return { ...failed(prefix + masked(`failed to execute request: ${error.message}`, settings)), isOutage: isOutage(error), retryAfterMs: error.retryAfterMs };
  }
}

function requestOf(type: ProviderType, message: Message, settings: ProviderSettings): Outgoing {
  try {
    return type.request(message, settings);
  } catch (thrown) {
    throw reworded(thrown, (why) => `failed to initialize notifier: ${why}`);
  }
}

interface Exchange {
  readonly settings: ProviderSettings;
  readonly options: DeliverOptions;
  readonly prefix: string;
}

async function exchange(type: ProviderType, request: Outgoing, { settings, options, prefix }: Exchange, signal: AbortSignal): Promise<Attempt> {
  return withDeadline(settings.timeoutMs, signal, async (limit) => {
    const response = await options.httpFor(settings).send({ ...request, method: "POST", signal: limit, headersTimeoutMs: settings.timeoutMs });
    const body = new TextDecoder().decode(await readAll(response, MAX_ANSWER_BYTES, limit).catch(swallowTooLarge));
    const verdict = type.verdict(response.status, body, request);
    if (verdict.kind === "accepted") return { kind: "delivered" };
    const message = prefix + masked(`request failed: ${verdict.message}`, settings);
    if (verdict.kind === "refused") return { kind: "refused", reason: DISPATCH_FAILED, message };
    return { kind: "failed", message, isOutage: verdict.kind === "later", retryAfterMs: retryAfterMs(response, options.clock.nowMs()) };
  });
}

/** An answer that is too long counts by its status alone. */
function swallowTooLarge(thrown: unknown): Uint8Array {
  if (thrown instanceof ToolkitError && thrown.kind === "invalid") return new Uint8Array();
  throw thrown;
}

function failed(message: string): Extract<Attempt, { kind: "failed" }> {
  return { kind: "failed", message, isOutage: false };
}

/** True when nobody has to change anything for it to work again. */
function isOutage(error: ToolkitError): boolean {
  return ["unavailable", "throttled", "cancelled", "conflict"].includes(error.kind) || isUnauthenticated(error);
}
