import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "@plumb/std";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { crdFiles, CRDS_FOLDER } from "../scripts/generate-crds.ts";
import { crd } from "./crd.ts";
import { describedCrd } from "./described-crd.ts";
import { KINDS } from "./kinds.ts";

const FACTS = join(import.meta.dirname, "../../../../shared/spec/crd-fields.json");

/** Facts about one field as the list of facts has them, `rules` and `messages` apart. */
type Field = Record<string, unknown>;
interface VersionFacts {
  columns: unknown;
  fields: Record<string, Field>;
  served: boolean;
  storage: boolean;
  subresources: string[];
  deprecated: boolean;
}
interface KindFacts {
  categories: string[];
  listKind: string;
  plural: string;
  scope: string;
  shortNames: string[];
  singular: string;
  versions: Record<string, VersionFacts>;
}

/** Reads a CustomResourceDefinition back into the form of the list of facts. */
function factsOf(manifest: unknown): KindFacts {
  const { spec } = manifest as { spec: { scope: string; names: Record<string, unknown>; versions: Record<string, unknown>[] } }; // why: made by crd
  const names = spec.names as Omit<KindFacts, "versions" | "scope">; // why: made by crd
  const versions = spec.versions.map((version) => {
    const schema = (version["schema"] as { openAPIV3Schema: Record<string, unknown> }).openAPIV3Schema; // why: made by crd
    const { apiVersion: _, kind: __, metadata: ___, ...properties } = schema["properties"] as Record<string, unknown>; // why: made by crd
    const fields = fieldsOf("", { type: schema["type"], properties });
    return [
      version["name"],
      {
        columns: version["additionalPrinterColumns"],
        fields,
        served: version["served"],
        storage: version["storage"],
        deprecated: version["deprecated"] ?? false,
        subresources: Object.keys(version["subresources"] ?? {}),
      },
    ];
  });
  const { categories, listKind, plural, singular, shortNames = [] } = names;
  return { categories, listKind, plural, singular, shortNames, scope: spec.scope, versions: Object.fromEntries(versions) };
}

function fieldsOf(path: string, node: unknown): Record<string, Field> {
  if (!isObject(node)) throw new Error(`no schema at ${path}`);
  const { properties, items, additionalProperties, description: _, "x-kubernetes-validations": rules, ...facts } = node;
  const checks = (rules ?? []) as { rule: string; message: string }[]; // why: made by crd
  const own: Field = checks.length === 0 ? facts : { ...facts, rules: checks.map(({ rule }) => rule), messages: checks.map(({ message }) => message) };
  const children = Object.entries(isObject(properties) ? properties : {}).map(([name, child]) => fieldsOf(path === "" ? name : `${path}.${name}`, child));
  return Object.assign(
    { [path === "" ? "." : path]: own },
    ...children,
    items === undefined ? {} : fieldsOf(`${path}[]`, items),
    additionalProperties === undefined ? {} : fieldsOf(`${path}{}`, additionalProperties),
  ) as Record<string, Field>; // why: Object.assign of records is a record
}

const known = existsSync(FACTS) ? (JSON.parse(readFileSync(FACTS, "utf8")) as Record<string, KindFacts>) : undefined; // why: the file's shape is checked by the comparison
if (known === undefined) console.log("NOT RUN: comparison with the list of CRD facts: ../shared/spec/crd-fields.json is not there");

describe.skipIf(known === undefined)("the CustomResourceDefinitions, beside the list of facts", () => {
  it.each(KINDS)("say of $kind all that the list says, and nothing else", (kind) => {
    const expected = known?.[`${kind.kind}.${kind.group}`];
    const actual = factsOf(describedCrd(kind));
    for (const [version, { fields }] of Object.entries(expected?.versions ?? {})) {
      const have = actual.versions[version]?.fields ?? {};
      const missing = Object.keys(fields).filter((path) => have[path] === undefined);
      const invented = Object.keys(have).filter((path) => fields[path] === undefined);
      expect({ version, missing, invented }).toEqual({ version, missing: [], invented: [] });
      for (const [path, facts] of Object.entries(fields)) expect({ path, ...have[path] }).toEqual({ path, ...facts });
    }
    expect(actual).toEqual(expected);
  });
});

describe("charts/crds", () => {
  it("holds what the kinds generate, and nothing else", () => {
    const onDisk = Object.fromEntries(readdirSync(CRDS_FOLDER).map((name) => [name, readFileSync(join(CRDS_FOLDER, name), "utf8")]));
    expect(onDisk).toEqual(Object.fromEntries(crdFiles()));
  });

  it.each([...crdFiles()])("%s reads back as the definition it was made from", (name, text) => {
    const kind = KINDS.find(({ plural, group }) => `${plural}.${group}.yaml` === name);
    expect(kind && describedCrd(kind)).toEqual(load(text));
  });
});

describe("a CustomResourceDefinition", () => {
  it.each(KINDS)("of $kind is never substituted into by the controller that applies it (C-001)", (kind) => {
    expect(crd(kind).metadata.annotations).toEqual({ "kustomize.toolkit.fluxcd.io/substitute": "disabled" });
  });

  it.each(KINDS)("of $kind is found by the flux command line, which looks for these labels", (kind) => {
    expect(crd(kind).metadata.labels).toEqual({ "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": "v2.9" });
  });

  it.each(KINDS)("of $kind has no reference left that the API server would refuse", (kind) => {
    expect(JSON.stringify(crd(kind))).not.toContain("$ref");
  });

  it.each(KINDS.filter(({ status, kind }) => status !== undefined && kind !== "ExternalArtifact"))(
    "of $kind lets a new object start unobserved (C-002)",
    ({ status }) => expect(status?.default).toEqual({ observedGeneration: -1 }),
  );
});
