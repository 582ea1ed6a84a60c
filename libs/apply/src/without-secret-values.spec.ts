import type { Manifest } from "@plumb/api";
import { expect, it } from "vitest";
import { withoutSecretValues } from "./without-secret-values.ts";

const object = (kind: string, rest: object): Manifest => ({ apiVersion: "v1", kind, metadata: { name: "x" }, ...rest });

it.each([
  ["data", { data: "hunter2" }, ".data: expected map, got &{hunter2}", ".data: expected map, got *****"],
  ["a list", { data: { a: ["hunter2"] } }, '.data.a: expected string, got &value{Value:[]{"hunter2"}}\nmore', ".data.a: expected string, got *****\nmore"],
  ["a map", { stringData: { a: { deep: "hunter2" } } }, 'cannot take {"deep":"hunter2"}', 'cannot take {"deep":"*****"}'],
  ["its decoded form", { data: { a: "aHVudGVyMg==" } }, "not hunter2, aHVudGVyMg==", "not *****, *****"],
  ["several lines", { stringData: { a: "first line\nsecond line" } }, "bad: second line", "bad: *****"],
  ["a number", { data: { a: 31337 } }, ".data.a: expected string, got &{31337}", ".data.a: expected string, got *****"],
])("quotes no value of a Secret: %s", (_, rest, message, shown) => {
  expect(withoutSecretValues(object("Secret", rest), message)).toBe(shown);
  expect(withoutSecretValues(object("ConfigMap", rest), message)).toBe(message);
});
