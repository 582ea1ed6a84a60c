import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sharedCluster } from "@plumb/e2e/cluster";
import { CommandLine } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The story takes half a minute. */
const GIVE_UP_MS = 300_000;
const NAMESPACE = "sign-in";

/** Signs in as a service account, whose token is good for as long as the Secret that this run makes. */
const PROGRAM = `
const { execFileSync } = require("node:child_process");
const { appendFileSync, readFileSync } = require("node:fs");
const kubectl = (...args) => execFileSync(process.env.KUBECTL, ["-n", "${NAMESPACE}", ...args], { encoding: "utf8", env: { ...process.env, KUBECONFIG: process.env.ADMIN, KUBECACHEDIR: __dirname + "/cache" } });
appendFileSync(__dirname + "/runs", "x");
const secret = "run-" + readFileSync(__dirname + "/runs", "utf8").length;
kubectl("create", "secret", "generic", secret);
const token = kubectl("create", "token", "guest", "--bound-object-kind", "Secret", "--bound-object-name", secret).trim();
console.error("signed in as guest");
console.log(JSON.stringify({ kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1", status: { token } }));
`;

describe.skipIf(cluster.kind !== "own")("the lab as a guest of a cluster that is signed in to by a program", () => {
  let folder: string;
  let admin: CommandLine;
  let lab: ChildProcess | undefined;

  beforeAll(async () => {
    if (cluster.kind !== "own") throw new Error("not reached: skipped");
    folder = await mkdtemp(join(tmpdir(), "plumb-guest-"));
    admin = new CommandLine(cluster.kubectl, { kubeconfig: cluster.kubeconfig, namespace: NAMESPACE, env: {} });
    await promisify(execFile)(process.execPath, ["scripts/bundle.ts", "libs/cli"], { cwd: ROOT });
    await admin.ok("create", "namespace", NAMESPACE);
    await admin.ok("create", "serviceaccount", "guest");
    await admin.ok("create", "clusterrolebinding", NAMESPACE, "--clusterrole=cluster-admin", `--serviceaccount=${NAMESPACE}:guest`);
    await writeFile(join(folder, "sign-in.cjs"), PROGRAM);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: [join(folder, "sign-in.cjs")],
      env: Object.entries({ KUBECTL: cluster.kubectl, ADMIN: cluster.kubeconfig }).map(([name, value]) => ({ name, value })),
      interactiveMode: "IfAvailable",
    };
    const config = {
      "current-context": "guest",
      contexts: [{ name: "guest", context: { cluster: "c", user: "guest" } }],
      clusters: [{ name: "c", cluster: { server: cluster.url, "certificate-authority-data": Buffer.from(cluster.ca).toString("base64") } }],
      users: [{ name: "guest", user: { exec } }],
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(config));
  });
  afterAll(async () => {
    if (lab?.exitCode === null) lab.kill("SIGTERM");
    await admin.run(["delete", "namespace", NAMESPACE, "--wait=false"]);
    await admin.run(["delete", "clusterrolebinding", NAMESPACE]);
    await rm(folder, { recursive: true, force: true });
  });

  it(
    "tells the whole story, signs in again when its credential is taken back meanwhile, and leaves neither object nor credential",
    async () => {
      const kept = join(folder, "lab");
      const args = [join(ROOT, "libs/cli/dist/main.mjs"), "lab", "up", "--once", "--dir", kept, "--kubeconfig", join(folder, "kubeconfig")];
      const child = spawn(process.execPath, args, { env: process.env, stdio: ["ignore", "pipe", "pipe"] });
      lab = child;
      let said = "";
      let isTakenBack = false;
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          said += text;
          if (isTakenBack || !said.includes("✔ 1 ")) return;
          isTakenBack = true;
          void admin.run(["delete", "secret", "run-1"]);
        });
      }
      const code = await new Promise((resolve) => child.once("close", resolve));
      expect([code, said]).toEqual([0, expect.stringMatching(/^signed in as guest\n[^]*All 8 steps passed/m)]);
      expect((await readFile(join(folder, "runs"), "utf8")).length).toBeGreaterThan(1);
      expect(existsSync(join(kept, "data"))).toBe(false);
      expect(await admin.ok("get", "namespaces", "-l", "plumb.dev/lab", "-o", "name")).toBe("");
    },
    GIVE_UP_MS,
  );
});
