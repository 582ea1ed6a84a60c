import { groupVersionKind, subjectOf, type LiveObject, type Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { isObject, sleep, ToolkitError, toToolkitError, withDeadline } from "@plumb/std";

/** Milliseconds a stage waits for what it brought to be usable (K-041). */
const CURRENT_WITHIN_MS = 60_000;

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

/** Waits until definitions are established and namespaces active; returns the failure when they do not become so. */
export async function untilCurrent(client: KubeClient, objects: readonly LiveObject[], signal: AbortSignal): Promise<ToolkitError | undefined> {
  try {
    await withDeadline(CURRENT_WITHIN_MS, signal, (within) => Promise.all(objects.map((object) => untilUsable(client, object, within))).then(() => undefined));
    return undefined;
  } catch (thrown) {
    const error = toToolkitError(thrown);
    return error.kind === "unavailable"
      ? new ToolkitError("unavailable", `timeout waiting for: [${objects.map(subjectOf).join(", ")}]`, { cause: error })
      : error;
  }
}

async function untilUsable(client: KubeClient, object: LiveObject, signal: AbortSignal): Promise<void> {
  let current: LiveObject | undefined = object;
  for (let delayMs = 10; !isUsable(current); delayMs = Math.min(delayMs * 2, 2000)) {
    await sleep(delayMs, signal);
    const resource = await client.resourceFor(object, signal);
    current = await client.get({ resource, namespace: object.metadata.namespace, name: object.metadata.name }, { signal });
  }
}

function isUsable(object: LiveObject | undefined): boolean {
  if (object === undefined) return false;
  const status = isObject(object["status"]) ? object["status"] : {};
  const { kind } = groupVersionKind(object);
  if (kind === "Namespace") return status["phase"] !== "Terminating";
  if (kind !== "CustomResourceDefinition") return true;
  const conditions = Array.isArray(status["conditions"]) ? status["conditions"] : [];
  return conditions.some((condition: unknown) => isObject(condition) && condition["type"] === "Established" && condition["status"] === "True");
}
