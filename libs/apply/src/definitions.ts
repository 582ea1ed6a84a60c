import { subjectOf, type LiveObject, type Manifest } from "@plumb/api";
import { follow, isForbidden, type KubeClient, type Resource } from "@plumb/kube";
import { isObject, sleep, ToolkitError, toToolkitError, withDeadline } from "@plumb/std";
import { dryRunError } from "./dry-run-error.ts";
import { assessHealth, type HealthState } from "./health/assess-health.ts";

/** Milliseconds a stage waits for what it brought to be usable (K-041). */
export const CURRENT_WITHIN_MS = 60_000;
const POLL_MS = 2000;

/** `group/version/Kind` of every kind that the definitions among `objects` bring. */
export function definedKinds(objects: readonly Manifest[]): ReadonlySet<string> {
  return new Set(objects.filter(({ kind }) => kind === "CustomResourceDefinition").flatMap(({ spec }) => kindsOf(spec)));
}

function kindsOf(spec: unknown): readonly string[] {
  if (!isObject(spec) || !isObject(spec["names"]) || !Array.isArray(spec["versions"])) return [];
  const { group, names, versions } = spec;
  const kind = isObject(names) ? names["kind"] : undefined;
  return (Array.isArray(versions) ? versions : []).flatMap((version) =>
    isObject(version) ? [`${String(group)}/${String(version["name"])}/${String(kind)}`] : [],
  );
}

/**
 * Waits until what a stage brought is current: definitions established, namespaces not terminating. Returns the failure when
 * something does not become so.
 */
export async function untilCurrent(
  client: KubeClient,
  objects: readonly LiveObject[],
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<ToolkitError | undefined> {
  /** What was last seen of each object that is not current yet. */
  const waiting = new Map(objects.map((object) => [object, assessHealth(object, Date.now()).state] as const).filter(([, state]) => state !== "Current"));
  try {
    await withDeadline(limitMs, signal, async (within) => {
      await Promise.all(
        [...waiting.keys()].map(async (object) => {
          for await (const state of statesOf(client, object, within)) {
            if (state === "Current") break;
            waiting.set(object, state);
          }
          waiting.delete(object);
        }),
      );
    });
    return undefined;
  } catch (thrown) {
    const error = toToolkitError(thrown);
    const lines = [...waiting].map(([object, state]) => `${subjectOf(object)} status: '${state}'`);
    return error.kind === "unavailable" ? new ToolkitError("unavailable", `timeout waiting for: [${lines.join(", ")}]`, { cause: error }) : error;
  }
}

/** How an object is, now and after each of its changes; where it may not be watched, every two seconds. Never ends by itself. */
async function* statesOf(client: KubeClient, object: LiveObject, signal: AbortSignal): AsyncGenerator<HealthState, void> {
  const { namespace, name, uid } = object.metadata;
  const resource = await client.resourceFor(object, signal);
  const denied = new AbortController();
  const onError = (error: ToolkitError): void => {
    if (isForbidden(error)) denied.abort();
  };
  try {
    const followed = follow({ client, resource, namespace, fieldSelector: `metadata.name=${name}`, onError }, AbortSignal.any([signal, denied.signal]));
    for await (const delta of followed) {
      if (delta.kind === "replaced") yield stateOf(delta.items.find(({ metadata }) => metadata.uid === uid));
      else if (delta.kind !== "bookmark") yield stateOf(delta.kind === "put" ? delta.item : undefined);
    }
  } catch (thrown) {
    if (!denied.signal.aborted) throw thrown;
  }
  for (;;) {
    yield stateOf(await client.get({ resource, namespace, name }, { signal }));
    await sleep(POLL_MS, signal);
  }
}

function stateOf(object: LiveObject | undefined): HealthState {
  return object === undefined ? "NotFound" : assessHealth(object, Date.now()).state;
}

/** Milliseconds for a new kind to be served after its definition was established. */
const SERVED_WITHIN_MS = 10_000;

/** The resource of a kind that is being defined; there is no watch of what is served. @throws {ToolkitError} as a dry run of it fails */
export async function servedSoon(client: KubeClient, object: Manifest, signal: AbortSignal): Promise<Resource> {
  const limit = AbortSignal.timeout(SERVED_WITHIN_MS);
  for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 1000)) {
    await sleep(delayMs, signal);
    try {
      return await client.resourceFor(object, signal);
    } catch (thrown) {
      if (limit.aborted) throw dryRunError(object, toToolkitError(thrown));
    }
  }
}
