import { widget, widgetDefinition } from "@plumb/kube/testing";
import { keptLog } from "@plumb/telemetry/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { conditionOf, configMap, KustomizeLab, LIMIT, NAMESPACE, readyText } from "../testing/kustomize-lab.ts";

const log = keptLog();
let lab: KustomizeLab;

beforeAll(async () => {
  lab = await KustomizeLab.open(log);
  lab.start();
  await lab.applied("neighbour", { "a.yaml": configMap("neighbour", { v: "1" }) });
});
afterAll(() => lab.close());

const PATH_OF_A_MACHINE = /\n\s+at |\.ts:\d|node:internal|plumb-kustomize-controller-|\/cache\//;

/** Nine times nine … of one word: some 3 GB where every alias is written out. */
const BOMB = [
  "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]",
  ...Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array.from({ length: 9 }, () => `*a${level}`).join(", ")}]`),
].join("\n");
const manifest = (name: string, rest = ""): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${NAMESPACE}\n${rest}`;
const kustomization = (resources: readonly string[]): string => `resources:\n${resources.map((resource) => `- ${resource}\n`).join("")}`;

describe("what cannot be built", () => {
  it.each<[string, string, Readonly<Record<string, string>>, RegExp]>([
    ["a YAML bomb", "bomb", { "b.yaml": `${manifest("x")}${BOMB}\n` }, /b\.yaml.*(alias|excessive)/s],
    ["a key that is there twice", "twice", { "b.yaml": manifest("x", "data:\n  k: a\n  k: b\n") }, /b\.yaml.*"?k"?.*already (defined|set)/s],
    ["a tab for indentation", "tab", { "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n" }, /b\.yaml.*line 4.*cannot start any token/s],
    ["a file that is not YAML", "broken", { "b.yaml": "a: [1\nb: }\n" }, /b\.yaml.*did not find expected ',' or '\]' \(b\.yaml:2:2\)/s],
    ["bytes that are no text", "bytes", { "b.yaml": "a: \u0000\u0001\n" }, /b\.yaml.*control characters are not allowed/s],
    ["a manifest without a kind", "kind", { "b.yaml": "apiVersion: v1\nmetadata:\n  name: x\n" }, /b\.yaml.*kind/s],
    ["a manifest without a name", "name", { "b.yaml": "apiVersion: v1\nkind: ConfigMap\ndata: {}\n" }, /b\.yaml.*name/s],
    ["a kustomization that includes itself", "self", { "kustomization.yaml": kustomization(["."]) }, /cycle|itself/],
    [
      "two kustomizations that include each other",
      "each-other",
      {
        "kustomization.yaml": kustomization(["one"]),
        "one/kustomization.yaml": kustomization(["../two"]),
        "two/kustomization.yaml": kustomization(["../one"]),
      },
      /cycle/,
    ],
    ["a resource that is not there", "absent", { "kustomization.yaml": kustomization(["nowhere.yaml"]) }, /nowhere\.yaml/],
    ["a resource outside of the artifact", "outside", { "kustomization.yaml": kustomization(["../../../../../../../etc/passwd"]) }, /etc\/passwd/],
    ["a resource in the Internet", "remote", { "kustomization.yaml": kustomization(["https://example.com/x.yaml"]) }, /https:\/\/example\.com\/x\.yaml/],
    [
      "two objects of one name",
      "same",
      { "kustomization.yaml": kustomization(["a.yaml", "b.yaml"]), "b.yaml": manifest("same") },
      /may not add resource with an already registered id.*same/s,
    ],
  ])("%s is named in status and event; the last good state is kept, and others go on", async (_, id, files, message) => {
    await lab.applied(id, { "a.yaml": configMap(id, { v: "good" }) });
    const { revision } = await lab.publish(id, { "a.yaml": configMap(id, { v: "bad" }), ...files });
    const failed = await lab.until(id, (object) => expect(readyText(object)).toMatch(/^False BuildFailed: /));
    const told = conditionOf(failed, "Ready")?.message ?? "";
    expect(told).toMatch(message);
    expect(told).not.toMatch(PATH_OF_A_MACHINE);
    expect(told.length).toBeLessThan(2000);
    expect(failed.status?.lastAttemptedRevision).toBe(revision);
    expect(await lab.data(id)).toEqual({ v: "good" });
    await vi.waitFor(() => expect(lab.told(id)).toContain(`error BuildFailed: ${told}`), LIMIT);
    await lab.reconcile("neighbour");
  });
});

describe("what looks bad and is not", () => {
  it("a byte order mark and CRLF are read as what they are", async () => {
    await lab.applied("windows", { "a.yaml": `\uFEFF${manifest("windows", "data:\n  k: v\n").replaceAll("\n", "\r\n")}` });
    expect(await lab.data("windows")).toEqual({ k: "v" });
  });

  it("a definition and an object of its kind come in one commit, whatever their order", async () => {
    await lab.applied("widgets", {
      "a.yaml": JSON.stringify(widget("example.com", NAMESPACE, 3)),
      "b.yaml": JSON.stringify(widgetDefinition("example.com")),
    });
    expect(await lab.call<object>("GET", `/apis/example.com/v1/namespaces/${NAMESPACE}/widgets/one`)).toMatchObject({ spec: { size: 3 } });
  });
});

describe("an artifact that is not what it should be", () => {
  it.each<[string, string, (bytes: Buffer) => Buffer, RegExp]>([
    ["truncated", "truncated", (bytes) => bytes.subarray(0, bytes.length / 2), /\/\d+\.tar\.gz.*digest/s],
    ["another", "another", () => Buffer.from("an error page of a proxy"), /\/\d+\.tar\.gz.*digest/s],
  ])("%s is refused by its digest; nothing of it is applied, and the right one is taken when it comes", async (_, name, harm, message) => {
    await lab.applied(name, { "a.yaml": configMap(name, { v: "good" }) });
    const next = await lab.artifacts.publish({ "a.yaml": configMap(name, { v: "next" }) });
    const path = new URL(next.url).pathname;
    const bytes = lab.artifacts.served.get(path) ?? Buffer.of();
    lab.artifacts.served.set(path, harm(bytes));
    await lab.point(name, next);
    const failed = await lab.until(name, (object) => expect(readyText(object)).toMatch(/^False ArtifactFailed: /));
    const told = conditionOf(failed, "Ready")?.message ?? "";
    expect(told).toMatch(message);
    expect(told).not.toMatch(PATH_OF_A_MACHINE);
    await vi.waitFor(() => expect(lab.told(name)).toContain(`error ArtifactFailed: ${told}`), LIMIT);
    expect(await lab.data(name)).toEqual({ v: "good" });
    lab.artifacts.served.set(path, bytes);
    await lab.reconcile(name);
    expect(await lab.data(name)).toEqual({ v: "next" });
  });

  it("and whose server is gone is named with its address", async () => {
    await lab.applied("unserved", { "a.yaml": configMap("unserved", { v: "good" }) });
    const next = await lab.artifacts.publish({ "a.yaml": configMap("unserved", { v: "next" }) });
    await lab.point("unserved", { ...next, url: "http://127.0.0.1:1/x.tar.gz" });
    await lab.until("unserved", (object) =>
      expect(readyText(object)).toMatch(/^False ArtifactFailed: .*http:\/\/127\.0\.0\.1:1\/x\.tar\.gz.*connection refused/),
    );
    expect(await lab.data("unserved")).toEqual({ v: "good" });
  });
});

describe("a path that leads out of the artifact", () => {
  it.each(["../../..", "./a/../../../.."])("%s ends at its root", async (path) => {
    const name = `leads-out-${path.length}`;
    await lab.applied(name, { "apps/a.yaml": configMap(name, { v: "1" }) }, { path });
    expect(await lab.data(name)).toEqual({ v: "1" });
  });

  it("/etc is a folder of the artifact, which is not there", async () => {
    await lab.createSource("etc");
    await lab.publish("etc", { "apps/a.yaml": configMap("etc", {}) });
    await lab.create("etc", { path: "/etc" });
    await lab.until("etc", (object) => expect(readyText(object)).toMatch(/^False ArtifactFailed: kustomization path not found: .*etc/));
  });
});
