import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { findBinaries, startControlPlane } from "./control-plane/src/index.ts";
import { crd, GIT_REPOSITORY } from "@plumb/api";
import { serveTestRepository } from "@plumb/git/testing";
import { execFileSync } from "node:child_process";
const ending = new AbortController();
const binaries = await findBinaries({ env: process.env, onProgress: console.log }, ending.signal);
if (binaries.kind === "absent") throw new Error("absent");
const plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, ending.signal);
const k = (input: string | undefined, ...args: string[]) => execFileSync(plane.kubectl, ["--kubeconfig", plane.kubeconfig, ...args], { input, encoding: "utf8" });
try {
  console.log(k(JSON.stringify(crd(GIT_REPOSITORY)), "apply", "-f", "-"));
  await new Promise(r => setTimeout(r, 1500));
  const served = await serveTestRepository();
  const hash = await served.repository.commit({ files: { "a.yaml": "x: 1\n" } });
  const dir = mkdtempSync("/tmp/src-");
  const child = spawn(process.execPath, ["--conditions=@plumb/source", "controllers/source-controller/src/main.ts", "--kubeconfig", plane.kubeconfig, "--storage-path", dir, "--storage-addr", "127.0.0.1:0", "--health-addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--log-level", "debug"], { stdio: "inherit" });
  k(JSON.stringify({ apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", metadata: { name: "g", namespace: "default" }, spec: { url: served.url, interval: "2s", ref: { branch: "main" } } }), "apply", "-f", "-");
  await new Promise(r => setTimeout(r, 4000));
  console.log(k(undefined, "get", "gitrepository", "g", "-o", "yaml"));
  const t0 = Date.now();
  await served.repository.commit({ files: { "a.yaml": "x: 2\n" } });
  k(undefined, "annotate", "gitrepository", "g", "reconcile.fluxcd.io/requestedAt=now1", "--overwrite");
  for (;;) { const j = JSON.parse(k(undefined, "get", "gitrepository", "g", "-o", "json")); if (j.status.lastHandledReconcileAt === "now1" && !j.status.artifact.revision.includes(hash)) { console.log("moved after", Date.now() - t0, j.status.artifact.url); const r = await fetch(j.status.artifact.url); console.log(r.status, r.headers.get("content-length")); break; } }
  console.log(k(undefined, "get", "events"));
  console.log(k(undefined, "delete", "gitrepository", "g", "--timeout=10s"));
  console.log(execFileSync("find", [dir], { encoding: "utf8" }));
  child.kill("SIGTERM");
  console.log("exit", await new Promise((r) => child.on("exit", (c, s) => r([c, s]))));
  await served[Symbol.asyncDispose]();
} finally { await plane.stop(); ending.abort(); }
