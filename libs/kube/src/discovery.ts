import { isObject, ToolkitError, toToolkitError, unlessAborted, type Clock, type JsonObject, type JsonValue } from "@plumb/std";
import type { Resource } from "./kube-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import type { Answer } from "./transport.ts";

/** Reads a path; answers 304 where the tag still holds. */
export type Read = (path: string, accept: string, etag: string | undefined, signal: AbortSignal) => Promise<Answer>;

const AGGREGATED =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
/** Least milliseconds between two look-ups for kinds that are not known: a wrong kind in a repository is asked for again and again. */
const MIN_AGE_MS = 1_000;
/** The same for as long after a change as it may take until a new definition is served. */
const CHANGING = { forMs: 10_000, minAgeMs: 100 };
/** After this a known kind is looked up again, beside the answer. */
const MAX_AGE_MS = 10 * 60_000;
/** For one look-up; not that of who asks, as several may wait for it. */
const DEADLINE_MS = 30_000;

interface Part {
  readonly etag: string | undefined;
  readonly served: Served;
}

interface Served {
  readonly resources: readonly Resource[];
  /** Groups of which a version could not be read, as where an aggregated server is away; by name, why. */
  readonly unread: ReadonlyMap<string, string>;
}

/** What the API server serves: read when first asked, then kept. */
export class Discovery {
  readonly #read: Read;
  readonly #clock: Clock;
  /** By path, `/api` and `/apis`. */
  readonly #parts = new Map<string, Part>();
  #byKind: ReadonlyMap<string, Resource> | undefined;
  #unread: ReadonlyMap<string, string> = new Map();
  /** When the look-up began that `#byKind` is from. */
  #begunAtMs = Number.NEGATIVE_INFINITY;
  #mustRead = true;
  #changedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(read: Read, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Says that what is served has changed: the next question is answered from a new look-up. */
  invalidate(): void {
    this.#mustRead = true;
    this.#changedAtMs = this.#clock.monotonicMs();
  }

  /** @throws {ToolkitError} `missing` for a kind that is not served, after a look-up that began at most a second before */
  resourceFor({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }, signal: AbortSignal): Promise<Resource> {
    const unknown = (): ToolkitError => new ToolkitError("missing", `no matches for kind "${kind}" in version "${apiVersion}"`);
    return this.#find(`${apiVersion}/${kind}`, unknown, signal);
  }

  /** At the version that the server names first. @throws {ToolkitError} `missing` as `resourceFor`; `unavailable` while nobody can tell what the group has */
  resourceOf({ group, kind }: { readonly group: string; readonly kind: string }, signal: AbortSignal): Promise<Resource> {
    const unknown = (): ToolkitError => {
      const why = this.#unread.get(group);
      if (why === undefined) return new ToolkitError("missing", `no matches for kind "${kind}" in group "${group}"`);
      return new ToolkitError("unavailable", `failed to get API group resources: unable to retrieve the complete list of server APIs: ${why}`);
    };
    return this.#find(groupKey(group, kind), unknown, signal);
  }

  async #find(key: string, unknown: () => ToolkitError, signal: AbortSignal): Promise<Resource> {
    const askedAtMs = this.#clock.monotonicMs();
    const minAgeMs = askedAtMs - this.#changedAtMs < CHANGING.forMs ? CHANGING.minAgeMs : MIN_AGE_MS;
    for (;;) {
      if (!this.#mustRead) {
        const known = this.#byKind?.get(key);
        if (known !== undefined) {
          // a failure shows when something unknown is asked for
          if (askedAtMs - this.#begunAtMs > MAX_AGE_MS) this.#refresh().catch(() => undefined);
          return known;
        }
        if (this.#begunAtMs >= askedAtMs - minAgeMs) throw unknown();
      }
      await unlessAborted(this.#refresh(), signal, () => new ToolkitError("cancelled", "stopped while discovery was read"));
    }
  }

  /** One look-up at a time, shared by all who ask. */
  #refresh(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    this.#mustRead = false;
    const begunAtMs = this.#clock.monotonicMs();
    const signal = AbortSignal.timeout(DEADLINE_MS);
    try {
      const parts = await Promise.all(["/api", "/apis"].map((path) => this.#readPart(path, signal)));
      const byKind = new Map<string, Resource>();
      for (const resource of parts.flatMap(({ resources }) => resources)) {
        const { group, version, kind } = resource;
        for (const key of [`${group === "" ? "" : `${group}/`}${version}/${kind}`, groupKey(group, kind)]) {
          if (!byKind.has(key)) byKind.set(key, resource);
        }
      }
      this.#byKind = byKind;
      this.#unread = new Map(parts.flatMap(({ unread }) => [...unread]));
      this.#begunAtMs = begunAtMs;
    } catch (thrown) {
      this.#mustRead = true;
      throw thrown;
    }
  }

  async #readPart(path: string, signal: AbortSignal): Promise<Served> {
    const kept = this.#parts.get(path);
    const { status, headers, body } = await this.#read(path, AGGREGATED, kept?.etag, signal);
    if (status === 304 && kept !== undefined) return kept.served;
    const document = parseAnswer(path, body);
    const isAggregated = document["kind"] === "APIGroupDiscoveryList";
    const served = isAggregated ? { resources: aggregatedResources(document), unread: staleGroups(document) } : await this.#plain(path, document, signal);
    this.#parts.set(path, { etag: isAggregated ? headers.etag : undefined, served });
    return served;
  }

  /** For servers without aggregated discovery: one request a group and version. One that fails is left out. */
  async #plain(path: string, document: JsonObject, signal: AbortSignal): Promise<Served> {
    const unread = new Map<string, string>();
    const versions =
      path === "/api"
        ? strings(document["versions"]).map((version) => ({ path: `/api/${version}`, group: "", version }))
        : objects(document["groups"]).flatMap((group) =>
            objects(group["versions"]).map((served) => ({
              path: `/apis/${text(served["groupVersion"])}`,
              group: text(group["name"]),
              version: text(served["version"]),
            })),
          );
    const lists = await Promise.all(
      versions.map(async ({ path: versionPath, group, version }) => {
        try {
          const { body } = await this.#read(versionPath, "application/json", undefined, signal);
          return objects(parseAnswer(versionPath, body)["resources"])
            .filter((resource) => !text(resource["name"]).includes("/"))
            .map((resource) => ({
              group,
              version,
              plural: text(resource["name"]),
              kind: text(resource["kind"]),
              isNamespaced: resource["namespaced"] === true,
              verbs: strings(resource["verbs"]),
            }));
        } catch (thrown) {
          if (signal.aborted) throw thrown;
          const error = toToolkitError(thrown);
          if (error.kind !== "missing") unread.set(group, `${versionPath.replace(/^\/apis?\//, "")}: ${error.message}`);
          return [];
        }
      }),
    );
    return { resources: lists.flat(), unread };
  }
}

/** Of a kind whatever its version; no version has this name. */
function groupKey(group: string, kind: string): string {
  return `${group}/*/${kind}`;
}

function aggregatedResources(document: JsonObject): readonly Resource[] {
  return objects(document["items"]).flatMap((group) =>
    objects(group["versions"]).flatMap((served) =>
      objects(served["resources"])
        .filter((resource) => isObject(resource["responseKind"]))
        .map((resource) => ({
          group: isObject(group["metadata"]) ? text(group["metadata"]["name"]) : "",
          version: text(served["version"]),
          plural: text(resource["resource"]),
          kind: isObject(resource["responseKind"]) ? text(resource["responseKind"]["kind"]) : "",
          isNamespaced: resource["scope"] === "Namespaced",
          verbs: strings(resource["verbs"]),
        })),
    ),
  );
}

/** Groups with a version that is not what its server has now, for that is away; what was known of it before may still be listed. */
function staleGroups(document: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    objects(document["items"]).flatMap((group) => {
      const name = isObject(group["metadata"]) ? text(group["metadata"]["name"]) : "";
      const stale = objects(group["versions"]).find(({ freshness }) => freshness === "Stale");
      const version = `${name}/${text(stale?.["version"])}`;
      return stale === undefined ? [] : [[name, `${version}: stale GroupVersion discovery: ${version}`] as const];
    }),
  );
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function strings(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
