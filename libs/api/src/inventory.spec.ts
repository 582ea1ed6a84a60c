import fc from "fast-check";
import { expect, it } from "vitest";
import { inventoryEntry, inventoryId, parseInventoryId } from "./inventory.ts";

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(":"));
const kind = fc.stringMatching(/^[A-Z][A-Za-z]{0,20}$/);

it("an id read back names the object it was made of, colons in a role's name and the core group included", () => {
  fc.assert(
    fc.property(fc.option(word, { nil: "" }), name, fc.option(word, { nil: "" }), kind, (namespace, name, group, kind) => {
      const object = { namespace, name, group, kind };
      expect(parseInventoryId(inventoryId(object))).toEqual(object);
    }),
  );
});

it("is written as other controllers write it (K-053)", () => {
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "system:basic" } };
  expect(inventoryEntry(role)).toEqual({ id: "_system__basic_rbac.authorization.k8s.io_ClusterRole", v: "v1" });
  expect(inventoryEntry({ apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "apps" } })).toEqual({ id: "apps_web__Service", v: "v1" });
});

it.each(["", "a", "a_b", "a_b_c", "a_b_c_"])("reads nothing out of %j", (text) => {
  expect(parseInventoryId(text)).toBeUndefined();
});
