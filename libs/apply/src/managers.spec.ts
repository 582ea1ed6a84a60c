import type { LiveObject, ManagedFieldsEntry } from "@plumb/api";
import { describe, expect, it } from "vitest";
import { migrationPatch, takeOverPatch } from "./managers.ts";

function entry(manager: string, operation: "Apply" | "Update", fields: string, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  return { manager, operation, apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: { [`f:${fields}`]: {} }, ...more };
}

function live(managedFields: readonly ManagedFieldsEntry[], metadata: object = {}): LiveObject {
  return { apiVersion: "v1", kind: "X", metadata: { name: "x", uid: "u", resourceVersion: "7", managedFields, ...metadata } };
}

describe("taking over", () => {
  it("joins what hands and older tools own into our entry, and leaves others and subresources alone", () => {
    const own = entry("kustomize-controller", "Apply", "a");
    const kept = [entry("operator", "Update", "x"), entry("kubectl", "Update", "status", { subresource: "status" })];
    const taken = [entry("kubectl-edit", "Update", "b"), entry("before-first-apply", "Update", "c"), entry("kustomize-controller", "Update", "d")];
    expect(takeOverPatch(live([own, ...kept, ...taken]), [])).toEqual([
      { op: "replace", path: "/metadata/resourceVersion", value: "7" },
      { op: "replace", path: "/metadata/managedFields", value: [...kept, { ...own, fieldsV1: { "f:a": {}, "f:b": {}, "f:c": {}, "f:d": {} } }] },
    ]);
  });

  it("renames the first where we have no entry yet, and takes what operators name besides", () => {
    const patch = takeOverPatch(live([entry("helm", "Apply", "a"), entry("helm-x", "Update", "b")]), ["helm"]);
    expect(patch?.at(-1)).toMatchObject({ value: [{ manager: "kustomize-controller", operation: "Apply", fieldsV1: { "f:a": {}, "f:b": {} } }] });
  });

  it("removes the notes of client-side tools, their names escaped", () => {
    const patch = takeOverPatch(
      live([], { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" }, labels: { "fluxcd.io/sync-gc-mark": "x" } }),
      [],
    );
    expect(patch?.slice(1)).toEqual([
      { op: "remove", path: "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration" },
      { op: "remove", path: "/metadata/labels/fluxcd.io~1sync-gc-mark" },
    ]);
  });

  it("asks for nothing where there is nothing to take", () => {
    expect(takeOverPatch(live([entry("kustomize-controller", "Apply", "a"), entry("operator", "Apply", "b")]), [])).toBeUndefined();
  });
});

describe("moving entries to another version", () => {
  it("moves every entry, whoever owns it, and asks for nothing where all are there", () => {
    const entries = [entry("kustomize-controller", "Apply", "a", { apiVersion: "e.com/v1alpha1" }), entry("x", "Update", "b", { apiVersion: "e.com/v1" })];
    expect(migrationPatch(live(entries), "e.com/v1")?.at(-1)).toMatchObject({
      value: [
        { manager: "kustomize-controller", apiVersion: "e.com/v1" },
        { manager: "x", apiVersion: "e.com/v1" },
      ],
    });
    expect(migrationPatch(live(entries.slice(1)), "e.com/v1")).toBeUndefined();
  });
});
