import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SignIn } from "../sign-in/sign-in.ts";
import { testHost } from "../testing/test-host.ts";
import { installMissingDefinitions, leaveCluster } from "./guest.ts";
import { LabCluster, type Target } from "./lab-cluster.ts";

const { signal } = new AbortController();
const NAME = "kustomizations.kustomize.toolkit.fluxcd.io";
const DEFINITION: Target = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: NAME };

let folder: string;
let server: TestApiServer;
let cluster: LabCluster;
let signIn: SignIn;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "plumb-guest-"));
  server = await startTestApiServer();
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: server.url } }],
    users: [{ name: "u", user: { token: server.token } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  cluster = await LabCluster.connect(kubeconfig, signal);
  signIn = await SignIn.open({ kubeconfig, folder: join(folder, "sign-in"), host: testHost(), signal });
});
afterEach(async () => {
  signIn.close();
  cluster.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Holds the end of the definition back, as objects of its kind with finalizers do. */
const hold = (): Promise<void> => cluster.edit(DEFINITION, { metadata: { finalizers: ["example.com/slow"] } });
const release = (): Promise<void> => cluster.edit(DEFINITION, { metadata: { finalizers: null } });
/** Outlasts a few looks of who waits. */
async function looked(): Promise<void> {
  for (let count = 0; count < 100; count++) await cluster.get(DEFINITION);
}

it("definitions that are on their way out are waited for and installed, those that are there are left alone", async () => {
  expect(await installMissingDefinitions(cluster)).toContain(NAME);
  expect(await installMissingDefinitions(cluster)).toEqual([]);
  await hold();
  await cluster.delete(DEFINITION);
  let isDone = false;
  const installing = installMissingDefinitions(cluster).finally(() => (isDone = true));
  await looked();
  expect(isDone).toBe(false);
  await release();
  expect(await installing).toEqual([NAME]);
  expect((await cluster.get(DEFINITION))?.metadata.deletionTimestamp).toBeUndefined();
});

it("a lab has left when the last of its definitions is gone", async () => {
  const definitions = await installMissingDefinitions(cluster);
  await hold();
  let isDone = false;
  const leaving = leaveCluster(signIn, { kubeconfig: signIn.kubeconfig, definitions }).finally(() => (isDone = true));
  await cluster.waitFor("the definition on its way out", async () => (await cluster.get(DEFINITION))?.metadata.deletionTimestamp);
  await looked();
  expect(isDone).toBe(false);
  await release();
  await leaving;
  expect(await cluster.get(DEFINITION)).toBeUndefined();
});
