import { OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL, type LiveObject } from "@plumb/api";
import type { KubeClient, ObjectName, Resource } from "@plumb/kube";
import type { Owner } from "./owner.ts";

/** From so many objects of one kind on, one list costs less than reading each. */
const LIST_FROM = 4;

interface Group {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  count: number;
  listed: Promise<ReadonlyMap<string, LiveObject>> | undefined;
}

/** Live objects of one run: each is read once, and many of one kind and namespace with one paged list by owner. */
export class LiveObjects {
  readonly #client: Pick<KubeClient, "get" | "list">;
  readonly #owner: Owner;
  readonly #groups = new Map<string, Group>();

  constructor(client: Pick<KubeClient, "get" | "list">, owner: Owner) {
    this.#client = client;
    this.#owner = owner;
  }

  /** Says that an object may be asked for. */
  expect(resource: Resource, namespace: string | undefined): void {
    const key = keyOf(resource, namespace);
    const group = this.#groups.get(key) ?? { resource, namespace, count: 0, listed: undefined };
    group.count++;
    this.#groups.set(key, group);
  }

  async get(resource: Resource, namespace: string | undefined, name: string, signal: AbortSignal): Promise<LiveObject | undefined> {
    const group = this.#groups.get(keyOf(resource, namespace));
    const listed = group === undefined || group.count < LIST_FROM ? undefined : await (group.listed ??= this.#list(group, signal));
    const object: ObjectName = { resource, namespace, name };
    // why: an object without our labels is in no list of ours
    return listed?.get(name) ?? this.#client.get(object, { signal });
  }

  async #list({ resource, namespace }: Group, signal: AbortSignal): Promise<ReadonlyMap<string, LiveObject>> {
    const labelSelector = `${OWNER_NAME_LABEL}=${this.#owner.name},${OWNER_NAMESPACE_LABEL}=${this.#owner.namespace}`;
    const { items } = await this.#client.list(resource, { namespace, labelSelector, signal });
    return new Map(
      items.map((item) => [item.metadata.name, { ...item, apiVersion: item.apiVersion || apiVersionOf(resource), kind: item.kind || resource.kind }]),
    );
  }
}

function keyOf({ group, version, plural }: Resource, namespace: string | undefined): string {
  return [group, version, plural, namespace ?? ""].join("/");
}

function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}
