import fc from "fast-check";

const PARTS = /\b(API|GROUP|VERSION|KIND|NAME|SPACE)\b/g;
const MARK = /@(\d+)(API|GROUP|VERSION|KIND|NAME|SPACE)@/g;

/** A template in which `API`, `GROUP`, `VERSION`, `KIND`, `NAME` and `SPACE` stand for the parts of one object's id. */
export const anyReference: fc.Arbitrary<(template: string) => string> = fc.nat(99).map((number) => (template) => template.replaceAll(PARTS, `@${number}$1@`));

const OBJECT = /apiVersion: (\S+)\nkind: (\S+)\nmetadata:\n {2}name: (\S+)\n(?: {2}namespace: (\S+)\n)?/g;

/** Puts the ids of objects that are there into a text. */
export function resolveReferences(text: string, objects: string): string {
  const ids = [...objects.replaceAll("\r", "").matchAll(OBJECT)].map(([, apiVersion = "", kind = "", name = "", namespace = ""]) => {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    return new Map([
      ["API", apiVersion],
      ["GROUP", group],
      ["VERSION", version],
      ["KIND", kind],
      ["NAME", name],
      ["SPACE", namespace],
    ]);
  });
  return text.replaceAll(MARK, (_, number: string, part: string) => ids[Number(number) % Math.max(ids.length, 1)]?.get(part) || '""');
}
