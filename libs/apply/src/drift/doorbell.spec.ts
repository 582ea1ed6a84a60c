import type { LiveObject, ManagedFieldsEntry } from "@plumb/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baselineOf } from "../baseline.ts";
import { Budget, ringReason } from "./doorbell.ts";

function entry(manager: string, fields: string, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  return {
    manager,
    operation: manager === "kustomize-controller" ? "Apply" : "Update",
    apiVersion: "v1",
    time: "2026-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: { [`f:${fields}`]: {} },
    ...more,
  };
}

function live(version: string, managedFields: readonly ManagedFieldsEntry[], metadata: object = {}): LiveObject {
  return { apiVersion: "v1", kind: "X", metadata: { name: "x", uid: "u1", resourceVersion: version, generation: 1, managedFields, ...metadata }, a: 1 };
}

const own = entry("kustomize-controller", "a");
const baseline = baselineOf(live("10", [own, entry("other", "b")]), "d", "r", 0);

const cases = {
  "our own write": [live("10", [own]), undefined],
  "an event from before our write": [live("9", []), undefined],
  "a status write": [live("11", [own, entry("other", "b"), entry("kubelet", "status", { subresource: "status" })]), undefined],
  "a later time alone": [live("11", [{ ...own, time: "2027-01-01T00:00:00Z" }, entry("other", "b")]), undefined],
  "a field of ours lost": [live("11", [entry("kustomize-controller", "z"), entry("other", "b")]), "own-fields"],
  "all owners wiped": [live("11", []), "own-fields"],
  "a new manager": [live("11", [own, entry("other", "b"), entry("new", "c")]), "other-manager"],
  "a moved generation": [live("11", [own, entry("other", "b")], { generation: 2 }), "generation"],
  "another object of the same name": [live("11", [own, entry("other", "b")], { uid: "u2" }), "recreated"],
  "an object that is being deleted": [live("11", [], { deletionTimestamp: "2026-01-01T00:00:00Z" }), undefined],
} as const;

describe("the doorbell", () => {
  it.each(Object.entries(cases))("hears of %s what it should", (_, [item, reason]) => {
    expect(ringReason(item, baseline)).toBe(reason);
  });

  it("hears every new version of a kind without generations", () => {
    const plain = baselineOf(live("10", [own], { generation: undefined }), "d", "r", 0);
    expect(ringReason(live("11", [own], { generation: undefined }), plain)).toBe("version");
  });
});

describe("the budget of an object", () => {
  it("grants three times at once, then after a second, then every ten", () => {
    const budget = new Budget();
    expect([0, 10, 20, 30, 40, 90_000].map((nowMs) => budget.grant("k", nowMs))).toEqual([0, 0, 0, 990, 10_980, 0]);
  });

  it("never grants more than seven looks in any thirty seconds of a quarrel", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { minLength: 1, maxLength: 60 }), (gaps) => {
        const budget = new Budget();
        let nowMs = 0;
        const granted: number[] = [];
        for (const gap of gaps) {
          nowMs = Math.max(nowMs + gap, granted.at(-1) ?? 0);
          granted.push(nowMs + budget.grant("k", nowMs));
        }
        for (const from of granted) expect(granted.filter((at) => at >= from && at < from + 29_000).length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
