import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import { at, bundleOf, ClusterClient, targetOf, type ControllerName } from "@plumb/e2e/toolkit";
import { parseDocuments } from "@plumb/yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sayNotRun } from "../not-run.ts";
import { findHelm, render } from "./helm.ts";

const CHARTS = fileURLToPath(new URL("../../charts/", import.meta.url));
const NAMES: readonly ControllerName[] = ["notification-controller", "source-controller", "kustomize-controller"];
const SETTINGS: readonly (readonly [what: string, values: readonly string[]])[] = [
  ["as they are", []],
  ["for one namespace, without definitions and roles", ["watchAllNamespaces=false", "crds.install=false", "rbac.create=false"]],
  [
    "with a digest, labels and tolerations",
    [
      "image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      "podLabels.team=web",
      "tolerations[0].operator=Exists",
      "leaderElection=false",
    ],
  ],
  [
    "with an account that is there already and variables",
    ["serviceAccount.create=false", "serviceAccount.name=default", "extraEnv[0].name=HTTPS_PROXY", "extraEnv[0].value=http://proxy:3128"],
  ],
];

const cluster = sharedCluster();
const helm = await findHelm(process.env, (line) => console.log(line), new AbortController().signal);
if (helm.kind === "absent") sayNotRun("charts", helm.reason, process.env);

describe.skipIf(helm.kind === "absent" || cluster.kind === "absent")("the charts", () => {
  const namespace = `charts-${randomUUID().slice(0, 8)}`;
  const created: Manifest[] = [];
  let client: ClusterClient;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    client = await ClusterClient.connect(cluster.kubeconfig);
    await client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  });
  afterAll(async () => {
    for (const object of created) await client.delete(targetOf(object));
    await client?.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
    client?.[Symbol.dispose]();
  });

  it.each(NAMES.flatMap((name) => SETTINGS.map(([what, values]) => [name, what, values] as const)))(
    "%s, %s, are accepted by the API server",
    async (name, _, values) => {
      const objects = await rendered(name, values);
      expect(objects.map(({ kind }) => kind)).toContain("Deployment");
      await client.apply(...objects);
      created.push(...objects.filter(({ kind }) => kind.startsWith("ClusterRole")));
      const deployment = objects.find(({ kind }) => kind === "Deployment");
      if (deployment === undefined) throw new Error("no Deployment");
      if (cluster.kind === "own") {
        await client.untilObject(
          "a Deployment whose pods could be created",
          { ...targetOf(deployment), namespace },
          (object) => at(object, "status", "observedGeneration") === object.metadata.generation && at(object, "status", "readyReplicas") === 1,
        );
      }
      await client.delete({ ...targetOf(deployment), namespace });
    },
  );

  it.each(NAMES)("let annotations of %s replace its own, and labels not, by which it is selected", async (name) => {
    const deployment = (await rendered(name, ["podAnnotations.prometheus\\.io/port=no", "podLabels.app=other", "podLabels.team=web"])).find(
      ({ kind }) => kind === "Deployment",
    );
    expect(at(deployment, "spec", "template", "metadata")).toMatchObject({
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "no" },
      labels: { app: name, team: "web" },
    });
  });

  it.each(NAMES)("start %s with flags that it knows", async (name) => {
    const deployment = (await rendered(name, [])).find(({ kind }) => kind === "Deployment");
    const args = at(deployment, "spec", "template", "spec", "containers", 0, "args");
    if (!Array.isArray(args)) throw new Error("no arguments");
    expect(await lastWords(name, args.map(String))).toContain("/nowhere/kubeconfig");
  });

  it("bring every definition of a kind they work with, each of them once and unchanged", async () => {
    const brought = (await Promise.all(NAMES.map((name) => rendered(name, ["crds.keep=false"]))))
      .flat()
      .filter(({ kind }) => kind === "CustomResourceDefinition");
    const files = (await readdir(`${CHARTS}crds`)).filter((file) => file.endsWith(".yaml"));
    const declared = (await Promise.all(files.map(async (file) => manifestsOf(await readFile(`${CHARTS}crds/${file}`, "utf8"))))).flat();
    const byName = (objects: readonly Manifest[]): readonly Manifest[] => objects.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    expect(byName(brought)).toEqual(byName(declared));
  });

  async function rendered(name: string, values: readonly string[]): Promise<readonly Manifest[]> {
    if (helm.kind === "absent") return [];
    return manifestsOf(await render(helm.program, `${CHARTS}${name}`, namespace, values));
  }
});

function manifestsOf(text: string): readonly Manifest[] {
  // why: what Helm renders and what the API server accepts below are manifests
  return parseDocuments(text).flatMap(({ value }) => (value === null ? [] : [value as unknown as Manifest]));
}

/** What a controller says when it is started with arguments and without a cluster. */
function lastWords(name: ControllerName, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const env = { PATH: process.env["PATH"], RUNTIME_NAMESPACE: "default" };
    execFile(process.execPath, [bundleOf(name), ...args, "--kubeconfig=/nowhere/kubeconfig"], { env, timeout: 60_000 }, (_, __, stderr) => resolve(stderr));
  });
}
