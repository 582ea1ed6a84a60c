import { existsSync, readFileSync } from "node:fs";
import { builtinFacts, inGoForm, type Schema } from "@plumb/openapi";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { applyPatch, FieldSet, updateManaged, type ManagedEntry } from "./index.ts";

/**
 * Replays what a real API server was seen to do (`conformance/apiserver/apply.json`), without a server: the objects are
 * taken from its answers, the owners of their fields are computed here and must be the same.
 */
interface Step {
  readonly request?: { readonly method: string; readonly path: string; readonly query?: string; readonly contentType?: string; readonly body?: JsonObject };
  readonly response?: { readonly status: number; readonly body?: JsonObject; readonly message?: string };
}
interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

const FILE = new URL("../../../../shared/conformance/apiserver/apply.json", import.meta.url);
const NOW = "2026-01-02T03:04:05Z";

/** Cases that are decided before or after the merge: by the request itself, or by conversion between versions. */
const NOT_OF_THE_MERGE = new Set(["A field applied through one version of a group is owned through another"]);

function cases(): readonly Case[] {
  const text = readFileSync(FILE, "utf8")
    .replaceAll("${time}", NOW)
    .replace(/\$\{time:\d+\}/g, NOW);
  const topic: { cases: readonly Case[] } = JSON.parse(text);
  return topic.cases.filter(({ name }) => !NOT_OF_THE_MERGE.has(name));
}

interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: Schema;
  readonly subresource: string | undefined;
  /** Path of the main resource. */
  readonly key: string;
}

/** Kind of an object path, from its plural. */
function targetOf(path: string): Target | undefined {
  const [, group, version, , plural, name, subresource] =
    /^\/(?:api|apis\/([^/]+))\/([^/]+)(\/namespaces\/[^/]+)?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
  const found = builtinFacts().kinds.find((kind) => kind.group === (group ?? "") && kind.version === version && kind.plural === plural);
  if (found === undefined || (name === undefined && subresource !== undefined)) return undefined;
  const apiVersion = found.group === "" ? found.version : `${found.group}/${found.version}`;
  return { apiVersion, kind: found.kind, schema: found.schema, subresource, key: subresource === undefined ? path : path.slice(0, -subresource.length - 1) };
}

function managedOf(object: JsonObject | undefined): readonly ManagedEntry[] | undefined {
  const metadata = object?.["metadata"];
  const entries = isObject(metadata) ? metadata["managedFields"] : undefined;
  // why: the recorded entries are those of a real server
  return Array.isArray(entries) ? (entries as readonly ManagedEntry[]) : undefined;
}

/** What the main resource and its status reset. */
function resetOf({ kind, subresource }: Target): FieldSet | undefined {
  if (subresource === "status") return FieldSet.ofNames(["spec"], ["metadata"]);
  return ["Deployment", "Service", "Namespace", "Job"].includes(kind) ? FieldSet.ofNames(["status"]) : undefined;
}

class Replay {
  readonly #stored = new Map<string, JsonObject>();
  checked = 0;

  step({ request, response }: Step): void {
    if (request === undefined || response === undefined) return;
    const path = request.method === "POST" ? `${request.path}/${nameOf(request.body)}` : request.path;
    const target = targetOf(path);
    if (target === undefined) return;
    if (target.subresource === "scale") {
      if (request.method !== "GET" && response.status === 200) this.#scale(target, request);
      return;
    }
    if (request.method === "PATCH" && request.contentType === "application/apply-patch+yaml") this.#apply(target, request, response);
    else if (request.method !== "GET" && request.method !== "DELETE") this.#update(target, request, response);
    const isDryRun = request.query?.includes("dryRun") === true;
    if (request.method === "GET" && target.subresource === undefined && this.#stored.has(target.key) && response.status === 200) {
      expect(managedOf(this.#stored.get(target.key))).toEqual(managedOf(response.body));
    }
    if (response.status < 300 && response.body?.["kind"] === target.kind && !isDryRun) this.#stored.set(target.key, response.body);
  }

  #apply(target: Target, { query, body }: NonNullable<Step["request"]>, response: NonNullable<Step["response"]>): void {
    const stored = this.#stored.get(target.key);
    if (body === undefined || (stored === undefined && response.status === 200) || ![200, 201, 409, 500].includes(response.status)) return;
    if (response.status === 409 && response.message?.startsWith("Apply failed") !== true) return;
    const parameters = new URLSearchParams(query);
    const empty = inGoForm({ apiVersion: target.apiVersion, kind: target.kind }, target.schema);
    const result = applyPatch({
      live: stored ?? empty,
      empty,
      isCreate: stored === undefined,
      applied: body,
      managedFields: managedOf(stored),
      manager: parameters.get("fieldManager") ?? "",
      force: /^(1|t|true)$/i.test(parameters.get("force") ?? ""),
      apiVersion: target.apiVersion,
      schema: target.schema,
      subresource: target.subresource,
      now: NOW,
      resetFields: resetOf(target),
    });
    this.checked += 1;
    if (response.status === 409) expect(result).toMatchObject({ kind: "conflict", message: response.message });
    else if (response.status === 500) expect(result.kind === "untyped" ? result.message : result).toBe(afterColon(response.message ?? ""));
    else {
      expect(result.kind === "applied" ? result.managedFields : result).toEqual(managedOf(response.body) ?? []);
      const reset = target.subresource === "status" ? "spec" : "status";
      if (result.kind === "applied")
        expect(
          unstored(inGoForm(result.object, target.schema), response.body ?? {}, target.schema, "").filter((path) => !path.startsWith(`.${reset}`)),
        ).toEqual([]);
    }
  }

  /** A write of scale is one of the main resource, under the name of the subresource and without a time. */
  #scale(target: Target, { query, body }: NonNullable<Step["request"]>): void {
    const stored = this.#stored.get(target.key);
    const [before, change] = [stored?.["spec"], body?.["spec"]];
    if (stored === undefined || !isObject(before) || !isObject(change)) return;
    const after = { ...stored, spec: { ...before, replicas: change["replicas"] } };
    const manager = new URLSearchParams(query).get("fieldManager") ?? "conformance";
    const { apiVersion, schema, subresource } = target;
    const managedFields = updateManaged({
      before: stored,
      isCreate: false,
      after,
      managedFields: managedOf(stored),
      manager,
      apiVersion,
      schema,
      subresource,
      now: undefined,
    });
    const metadata = isObject(stored["metadata"]) ? stored["metadata"] : {};
    this.#stored.set(target.key, { ...after, metadata: { ...metadata, managedFields } });
  }

  #update(target: Target, { method, query, body }: NonNullable<Step["request"]>, response: NonNullable<Step["response"]>): void {
    const stored = this.#stored.get(target.key);
    if (response.status >= 300 || response.body === undefined || (stored === undefined && method === "PATCH")) return;
    const empty = inGoForm({ apiVersion: target.apiVersion, kind: target.kind }, target.schema);
    const manager = new URLSearchParams(query).get("fieldManager") ?? "conformance";
    const entries = updateManaged({
      before: stored ?? empty,
      isCreate: stored === undefined,
      after: response.body,
      managedFields: managedOf(stored),
      requested: managedOf(body),
      manager,
      apiVersion: target.apiVersion,
      schema: target.schema,
      subresource: target.subresource,
      now: NOW,
      resetFields: resetOf(target),
    });
    this.checked += 1;
    expect(entries ?? []).toEqual(managedOf(response.body) ?? []);
  }
}

function nameOf(body: JsonObject | undefined): string {
  const metadata = body?.["metadata"];
  return isObject(metadata) ? String(metadata["name"]) : "";
}

/** The faults of a "failed to create typed patch object (ns/name; apps/v1, Kind=Deployment): faults". */
function afterColon(message: string): string {
  return message.replace(/^failed to create typed patch object \([^)]*\): /, "");
}

/** Paths of `merged` that the stored object has otherwise; quantities and write-only fields aside. */
function unstored(merged: JsonValue, stored: JsonValue | undefined, schema: Schema | undefined, path: string): readonly string[] {
  // why: Go writes 0 for an int-or-string that is not set, and the server then sets its default
  if (
    merged === null ||
    (merged === 0 && schema?.format === "int-or-string") ||
    schema?.format === "quantity" ||
    path === ".stringData" ||
    path === ".metadata"
  )
    return [];
  if (isObject(merged)) {
    const other = isObject(stored) ? stored : {};
    return Object.keys(merged).flatMap((key) => unstored(merged[key] ?? null, other[key], schema?.fields.get(key) ?? schema?.values, `${path}.${key}`));
  }
  if (Array.isArray(merged) && Array.isArray(stored)) return merged.flatMap((item, at) => unstored(item, stored[at], schema?.items, `${path}[${at}]`));
  return merged === stored ? [] : [path];
}

if (!existsSync(FILE)) console.log("NOT RUN: the conformance data is not beside this checkout");

describe.skipIf(!existsSync(FILE))("server-side apply as kube-apiserver does it", () => {
  let checked = 0;
  it.each(existsSync(FILE) ? cases() : [])("$name", ({ steps }) => {
    const replay = new Replay();
    for (const step of steps) replay.step(step);
    checked += replay.checked;
  });
  it("checks most of the recorded writes", () => {
    expect(checked).toBeGreaterThan(120);
  });
});
