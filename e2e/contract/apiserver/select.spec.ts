import { expect, it } from "vitest";

import type { Json } from "./json.ts";
import { select } from "./select.ts";

const body: Json = {
  items: [{ metadata: { name: "a" }, n: 1 }, { metadata: { name: "b", "x/y": true }, n: 2 }, { metadata: {} }],
  "apis/v1": { z: 1, a: 2 },
};

const cases: Record<string, Json> = {
  "items/0/n": 1,
  "items/9/n": null,
  "items/*/metadata/name": ["a", "b", null],
  "items/[metadata.name=b]/n": 2,
  "items/[metadata.name=b]/metadata/x~1y": true,
  "items/[metadata.name=None]/metadata": {},
  "items/[metadata.name=c]/n": null,
  "items/#": 3,
  "apis~1v1/?": ["a", "z"],
  "missing/*/x": null,
};

it.each(Object.entries(cases))("%s", (path, expected) => {
  expect(select(body, path)).toEqual(expected);
});
