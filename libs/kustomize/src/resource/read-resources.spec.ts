import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";
import type { Build } from "../emit/emit.ts";

function read(list: string): Promise<Build> {
  const files = { "kustomization.yaml": "resources: [list.yaml]\n", "list.yaml": `apiVersion: v1\nkind: CupList\nmetadata: {name: all}\n${list}` };
  return build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
}

const CUP = "{apiVersion: example.com/v1, kind: Cup, metadata: {name: one}}";

describe("a list of objects", () => {
  it("is taken apart, whether its items are written there or by an alias", async () => {
    const text = "apiVersion: example.com/v1\nkind: Cup\nmetadata:\n  name: one\n";
    expect((await read(`items:\n- ${CUP}\n`)).text()).toBe(text);
    const { objects } = await read(`spare: &cups\n- ${CUP}\nitems: *cups\n`);
    expect(objects.map(({ object }) => object["kind"])).toStrictEqual(["Cup"]);
    expect((await read("items: null\n")).text()).toBe("");
  });

  it("is refused by its kind with a key that stands twice in it, and with items that are no list", async () => {
    await expect(read(`items: []\nkind: CupList\n`)).rejects.toThrow(/trouble expanding list of CupList.*"kind" already defined/);
    await expect(read("items: {a: b}\n")).rejects.toThrow("expected array in List/items, but found map[string]interface {}: CupList");
  });
});
