import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedCluster } from "@plumb/e2e/cluster";
import { alerting, CommandLine, configMapFile, deploymentFile, onPath, Toolkit, until } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlFor } from "./kubectl.ts";

const cluster = sharedCluster();
const kubectlProgram = await kubectlFor(cluster);
const fluxProgram = await onPath("flux");
if (fluxProgram === undefined) console.log("flux is not on the PATH: what it does is left out; kubectl is tried all the same");

function connect(program: string | undefined, namespace: string, env: Readonly<Record<string, string>> = {}): CommandLine {
  if (program === undefined || cluster.kind === "absent") throw new Error("not reached: skipped");
  return new CommandLine(program, { kubeconfig: cluster.kubeconfig, namespace, env });
}

describe.skipIf(kubectlProgram === undefined)("kubectl", () => {
  const namespace = `kubectl-${randomUUID().slice(0, 8)}`;
  const kubectl = {
    run: (...args: readonly string[]) => connect(kubectlProgram, namespace).run(args),
    ok: (...args: readonly string[]) => connect(kubectlProgram, namespace).ok(...args),
  };
  const replicas = (name: string): Promise<string> => kubectl.ok("get", name, "-o", "jsonpath={.spec.replicas}");
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "plumb-kubectl-"));
    await kubectl.ok("create", "namespace", namespace);
  });
  afterAll(async () => {
    await kubectl.run("delete", "namespace", namespace, "--wait=false");
    await rm(folder, { recursive: true, force: true });
  });

  async function file(name: string, ...texts: readonly string[]): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, texts.join("---\n"));
    return path;
  }

  it("creates what it can create by name, and sees it become healthy", async () => {
    await kubectl.ok("create", "configmap", "settings", "--from-literal=a=b");
    await kubectl.ok("create", "secret", "generic", "key", "--from-literal=token=abc");
    await kubectl.ok("create", "deployment", "web", "--image=app:1", "--replicas=2");
    await kubectl.ok("create", "job", "once", "--image=app:1");
    await kubectl.ok("expose", "deployment/web", "--port=80");
    expect(await kubectl.ok("rollout", "status", "deployment/web", "--timeout=50s")).toContain("successfully rolled out");
    expect(await kubectl.ok("wait", "--for=condition=complete", "job/once", "--timeout=50s")).toContain("condition met");
    const all = await kubectl.ok("get", "all");
    expect(all).toMatch(/^deployment\.apps\/web +2\/2 +2 +2 /m);
    expect(all).toMatch(/^replicaset\.apps\/web-\S+ +2 +2 +2 /m);
    expect(all).toMatch(/^job\.batch\/once +Complete +1\/1 /m);
    expect(all.match(/^pod\/web-\S+ +1\/1 +Running /gm)).toHaveLength(2);
    expect(all).toMatch(/^service\/web +ClusterIP +10\./m);
  });

  it("shows objects in every form", async () => {
    expect(await kubectl.ok("get", "deployment", "web", "-o", "wide")).toMatch(/CONTAINERS +IMAGES +SELECTOR\nweb +2\/2 .* app +app:1 +app=web/);
    expect(await kubectl.ok("get", "deployments", "-A", "-l", "app=web")).toMatch(new RegExp(`^${namespace} +web `, "m"));
    expect(JSON.parse(await kubectl.ok("get", "deployment", "web", "-o", "json"))).toMatchObject({ kind: "Deployment", status: { readyReplicas: 2 } });
    expect(await kubectl.ok("get", "configmap", "settings", "-o", "yaml", "--show-managed-fields")).toMatch(/manager: kubectl-create\n/);
    expect(await kubectl.ok("get", "configmap", "--field-selector=metadata.name=settings", "-o", "name")).toBe("configmap/settings\n");
    expect(await kubectl.ok("get", "pods", "--field-selector=status.phase=Running", "--chunk-size=1", "--no-headers")).toMatch(/^web-.*\nweb-.*\n$/);
    expect(await kubectl.ok("get", "deployments", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas")).toBe("N     R\nweb   2\n");
    expect(await kubectl.ok("get", "nodes", "-o", "wide")).toMatch(/INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME\n/);
    expect(await kubectl.ok("describe", "deployment", "web")).toMatch(/Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/);
    expect(await kubectl.ok("describe", "pods", "-l", "app=web")).toMatch(/Controlled By: +ReplicaSet\/web-/);
    expect(await kubectl.ok("describe", "secret", "key")).toMatch(/token: +3 bytes/);
  });

  it("watches until it is told to stop", async () => {
    const { stdout } = await kubectl.run("get", "configmap", "settings", "--watch", "--output-watch-events", "--request-timeout=2s");
    expect(stdout).toMatch(/^EVENT +NAME +DATA +AGE\nADDED +settings +1 /);
  });

  it("knows what the server serves and what it may do", async () => {
    expect(await kubectl.ok("api-resources")).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
    expect(await kubectl.ok("api-resources", "--api-group=apps", "-o", "name")).toContain("statefulsets.apps\n");
    expect(await kubectl.ok("explain", "deployment.spec.replicas")).toMatch(/FIELD: replicas <integer>/);
    expect(await kubectl.ok("cluster-info")).toContain("is running at");
    expect(await kubectl.ok("auth", "can-i", "create", "deployments")).toBe("yes\n");
    expect(await kubectl.ok("version")).toMatch(/Server Version: v1\.36/);
    expect(await kubectl.ok("get", "--raw", "/readyz")).toBe("ok");
  });

  it("edits, patches, labels, annotates and scales", async () => {
    await connect(kubectlProgram, namespace, { KUBE_EDITOR: "sed -i s/a:.b/a:\\ edited/" }).ok("edit", "configmap", "settings");
    expect(await kubectl.ok("get", "configmap", "settings", "-o", "jsonpath={.data.a}")).toBe("edited");
    await kubectl.ok("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"c":"d"}}');
    await kubectl.ok("patch", "configmap", "settings", "--type=json", "-p", '[{"op":"remove","path":"/data/a"}]');
    expect(await kubectl.ok("get", "configmap", "settings", "-o", "jsonpath={.data}")).toBe('{"c":"d"}');
    await kubectl.ok("label", "configmap/settings", "tier=web");
    expect(await kubectl.run("label", "configmap/settings", "tier=other")).toMatchObject({ code: 1, stderr: expect.stringContaining("--overwrite is false") });
    await kubectl.ok("annotate", "configmap/settings", "note=yes");
    await kubectl.ok("annotate", "configmap/settings", "note-");
    await kubectl.ok("scale", "deployment/web", "--replicas=3", "--current-replicas=2");
    expect(await kubectl.ok("wait", "--for=jsonpath={.status.readyReplicas}=3", "deployment/web", "--timeout=50s")).toContain("condition met");
  });

  it("applies on the client's side and on the server's, and sees what would differ", async () => {
    const path = await file(
      "web.yaml",
      deploymentFile(namespace, "applied", { replicas: 1, labels: { tier: "web" } }),
      configMapFile(namespace, "applied", { v: "1" }),
    );
    expect(await kubectl.ok("apply", "-f", path)).toBe("deployment.apps/applied created\nconfigmap/applied created\n");
    expect(await kubectl.ok("apply", "-f", path)).toBe("deployment.apps/applied unchanged\nconfigmap/applied unchanged\n");
    expect(await kubectl.ok("apply", "--server-side", "-f", path)).toBe("deployment.apps/applied serverside-applied\nconfigmap/applied serverside-applied\n");
    await kubectl.ok("rollout", "status", "deployment/applied", "--timeout=50s");
    expect(await kubectl.run("diff", "-f", path)).toMatchObject({ code: 0, stdout: "" });
    const other = await file("other.yaml", deploymentFile(namespace, "applied", { replicas: 2, labels: { tier: "web" } }));
    expect(await kubectl.run("diff", "-f", other)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^-  replicas: 1\n\+  replicas: 2$/m) });
    await kubectl.ok("apply", "--dry-run=server", "-f", other);
    expect(await replicas("deployment/applied")).toBe("1");
    expect(await kubectl.run("apply", "--server-side", "--field-manager=other", "-f", other)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/conflict.*"?kubectl/s),
    });
    await kubectl.ok("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", other);
    expect(await replicas("deployment/applied")).toBe("2");
    expect(await kubectl.ok("delete", "-f", path)).toContain('"applied" deleted');
  });

  it.each(["deployment/web", "statefulset/db", "daemonset/agent"])("rolls %s out, tells its history and takes it back", async (name) => {
    const [kind = "", plain = ""] = name.split("/");
    if (kind !== "deployment") await kubectl.ok("apply", "-f", await file(`${plain}.yaml`, workload(kind, plain)));
    await kubectl.ok("rollout", "status", name, "--timeout=50s");
    await kubectl.ok("set", "image", name, "*=app:2");
    expect(await kubectl.ok("rollout", "status", name, "--timeout=50s")).toMatch(/rolled out|roll out complete/);
    expect(await kubectl.ok("rollout", "history", name)).toMatch(/REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/);
    expect(await kubectl.ok("rollout", "undo", name)).toContain("rolled back");
    expect(await kubectl.ok("get", name, "-o", "jsonpath={.spec.template.spec.containers[0].image}")).toBe("app:1");
    await kubectl.ok("rollout", "status", name, "--timeout=50s");
    await kubectl.ok("rollout", "restart", name);
    await kubectl.ok("rollout", "status", name, "--timeout=50s");
    await until("its history", async () => (/\n4 +<none>\n/.test(await kubectl.ok("rollout", "history", name)) ? true : undefined));
  });

  it("says what is wrong in the server's words", async () => {
    expect(await kubectl.run("get", "deployment", "nope")).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): deployments.apps "nope" not found\n',
    });
    expect(await kubectl.run("get", "nope")).toMatchObject({ code: 1, stderr: expect.stringContaining(`the server doesn't have a resource type "nope"`) });
    expect(await kubectl.run("create", "configmap", "settings")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('configmaps "settings" already exists'),
    });
    const path = await file("wrong.yaml", deploymentFile(namespace, "wrong").replace('"replicas": 1', '"replicaz": 1'));
    expect(await kubectl.run("apply", "-f", path)).toMatchObject({ code: 1, stderr: expect.stringContaining('unknown field "spec.replicaz"') });
    const logs = await kubectl.run("logs", "deployment/web");
    expect(logs.code).toBe(1);
    if (cluster.kind === "embedded") expect(logs.stderr).toMatch(/workloads are simulated: no container of pod "web-\S+" runs/);
  });

  it("deletes, and waits until it is gone", async () => {
    await kubectl.ok("delete", "deployment", "web", "--timeout=50s");
    await kubectl.ok("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=50s");
    expect(await kubectl.ok("delete", "configmap,secret", "settings", "key", "--ignore-not-found")).toContain('configmap "settings" deleted');
    expect(await kubectl.ok("get", "configmap", "settings", "--ignore-not-found")).toBe("");
  });
});

function workload(kind: string, name: string): string {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "app:1" }] } };
  const spec = { selector: { matchLabels: labels }, template, ...(kind === "statefulset" ? { serviceName: name, replicas: 2 } : {}) };
  return `${JSON.stringify({ apiVersion: "apps/v1", kind: kind === "statefulset" ? "StatefulSet" : "DaemonSet", metadata: { name }, spec })}\n`;
}

describe.skipIf(fluxProgram === undefined || cluster.kind === "absent")("flux", () => {
  const namespace = `flux-${randomUUID().slice(0, 8)}`;
  const flux = {
    run: (...args: readonly string[]) => connect(fluxProgram, namespace).run(args),
    ok: (...args: readonly string[]) => connect(fluxProgram, namespace).ok(...args),
  };
  let toolkit: Toolkit;
  let folder: string;
  let revision: string;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    folder = await mkdtemp(join(tmpdir(), "plumb-flux-"));
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace });
    revision = await commit("1");
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url));
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function commit(value: string): Promise<string> {
    const files = { "web.yaml": deploymentFile(namespace, "web"), "settings.yaml": configMapFile(namespace, "settings", { v: value }) };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    return toolkit.commit(Object.fromEntries(Object.entries(files).map(([name, text]) => [`app/${name}`, text])));
  }

  it("creates a source and a Kustomization, and waits for them", async () => {
    expect(await flux.ok("check", "--pre")).toContain("prerequisites checks passed");
    expect(await flux.ok("create", "source", "git", "app", `--url=${toolkit.git.url}`, "--branch=main", "--interval=1h")).toContain(
      `fetched revision: ${revision}`,
    );
    expect(
      await flux.ok(
        "create",
        "kustomization",
        "app",
        "--source=GitRepository/app",
        "--path=./app",
        "--prune=true",
        "--interval=1h",
        "--wait=true",
        `--health-check=Deployment/web.${namespace}`,
      ),
    ).toContain(`applied revision ${revision}`);
    expect(
      await flux.ok("create", "kustomization", "app", "--source=GitRepository/app", "--path=./app", "--prune=true", "--interval=2h", "--wait=true"),
    ).toContain("Kustomization updated");
  });

  it("stops waiting for what cannot become ready", async () => {
    const { code, output } = await flux.run(
      "create",
      "kustomization",
      "never",
      "--source=GitRepository/app",
      "--path=./app",
      "--interval=1h",
      "--service-account=somebody",
    );
    expect([code, output]).toEqual([1, expect.stringContaining("spec.serviceAccountName is not supported")]);
    expect(await flux.ok("delete", "kustomization", "never", "--silent")).toContain("kustomization deleted");
  });

  it("shows what there is", async () => {
    const short = `main@sha1:${revision.slice("main@sha1:".length).slice(0, 8)}`;
    expect(await flux.ok("get", "sources", "git")).toMatch(new RegExp(`^app\\s+${short}\\s+False\\s+True\\s+stored artifact for revision`, "m"));
    expect(await flux.ok("get", "kustomizations")).toMatch(new RegExp(`^app\\s+${short}\\s+False\\s+True\\s+Applied revision: ${short}`, "m"));
    expect(await flux.ok("get", "kustomizations", "--status-selector", "ready=true")).toMatch(/^app\s/m);
    expect(await flux.ok("get", "all")).toMatch(/gitrepository\/app\s[^]*kustomization\/app\s[^]*provider\/sink\s[^]*alert\/everything\s/);
    expect(await flux.ok("stats")).toMatch(/^GitRepository\s+1\s+0\s+0\s+\S+ (K?i?B|B)/m);
    expect(await flux.ok("tree", "kustomization", "app")).toBe(
      `Kustomization/${namespace}/app\n├── ConfigMap/${namespace}/settings\n└── Deployment/${namespace}/web\n\n`,
    );
    expect(await flux.ok("trace", "deployment", "web")).toMatch(
      new RegExp(`Kustomization: +app\n[^]*Revision: +${revision}\n[^]*GitRepository: +app\n[^]*Branch: +main`),
    );
    expect(await flux.ok("debug", "kustomization", "app", "--show-status")).toContain("type: Ready");
    expect(await flux.ok("export", "kustomization", "app")).toMatch(/kind: Kustomization\n[^]*interval: 2h0m0s\n[^]*wait: true\n/);
    expect(await flux.ok("export", "source", "git", "--all")).toContain(`url: ${toolkit.git.url}`);
    await until("the events", async () =>
      /Normal\s+ReconciliationSucceeded\s+Kustomization\/app\s/.test(await flux.ok("events", "--for", "Kustomization/app")) ? true : undefined,
    );
  });

  it("reconciles when asked, with the source first", async () => {
    const next = await commit("2");
    const said = await flux.ok("reconcile", "kustomization", "app", "--with-source");
    expect(said).toContain(`fetched revision ${next}`);
    expect(said).toContain(`applied revision ${next}`);
    expect(await flux.ok("reconcile", "source", "git", "app")).toContain(`fetched revision ${next}`);
    expect(await flux.ok("reconcile", "kustomization", "app")).toContain(`applied revision ${next}`);
  });

  it.each([
    ["kustomization", "applied revision"],
    ["source git", "fetched revision"],
  ])("suspends and resumes a %s", async (kind, done) => {
    const words = kind.split(" ");
    await flux.ok("suspend", ...words, "app");
    expect(await flux.run("reconcile", ...words, "app")).toMatchObject({ code: 1, output: expect.stringContaining("resource is suspended") });
    expect(await flux.ok("get", ...(kind === "kustomization" ? ["kustomizations"] : ["sources", "git"]), "app")).toMatch(/^app\s+\S+\s+True\s+True\s/m);
    expect(await flux.ok("resume", ...words, "app")).toContain(done);
  });

  it("builds and compares what lies on disk", async () => {
    const local = ["kustomization", "app", "--path", folder, "--progress-bar=false"] as const;
    expect(await flux.ok("build", "kustomization", "app", "--path", folder)).toMatch(/kind: Deployment\n[^]*kustomize\.toolkit\.fluxcd\.io\/name: app\n/);
    expect(await flux.run("diff", ...local)).toMatchObject({ code: 0 });
    await writeFile(join(folder, "settings.yaml"), configMapFile(namespace, "settings", { v: "on disk" }));
    const { code, output } = await flux.run("diff", ...local);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`ConfigMap/${namespace}/settings drifted[^]*data\\.v[^]*- 2\n\\+ on disk`));
  });

  it("makes alerts, providers, receivers and secrets", async () => {
    await flux.ok("create", "alert-provider", "chat", "--type=slack", "--channel=general", "--address=http://127.0.0.1:1/chat");
    await flux.ok("create", "alert", "chat", "--provider-ref=chat", "--event-source=Kustomization/*", "--event-severity=error");
    expect(await flux.ok("get", "alerts", "chat")).toMatch(/^chat\s+False\s+True\s+Alert is Ready/m);
    await flux.ok("suspend", "alert", "chat");
    await flux.ok("resume", "alert", "chat");
    expect(await flux.ok("create", "secret", "git", "login", "--url=https://example.com/app", "--username=me", "--password=p")).toContain("created");
    await flux.ok("create", "secret", "receiver", "hook", "--type=generic", "--token=abc", "--hostname=example.com");
    expect(await flux.ok("create", "receiver", "hook", "--type=generic", "--secret-ref=hook", "--event=push", "--resource=GitRepository/app")).toMatch(
      /generated webhook URL \/hook\/[0-9a-f]{64}/,
    );
    expect(await flux.ok("reconcile", "receiver", "hook")).toContain("Receiver reconciliation completed");
    for (const kind of ["alert", "alert-provider"]) expect(await flux.ok("delete", kind, "chat", "--silent")).toContain("deleted");
    expect(await flux.ok("delete", "receiver", "hook", "--silent")).toContain("deleted");
  });

  it("follows one Kustomization into another, and takes back what that one applied when the outer one goes", async () => {
    const spec = { interval: "1h", prune: true, path: "./inner", sourceRef: { kind: "GitRepository", name: "app" } };
    const inner = { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", metadata: { name: "inner", namespace }, spec };
    await toolkit.commit({ "outer/inner.yaml": JSON.stringify(inner), "inner/settings.yaml": configMapFile(namespace, "of-inner", { v: "1" }) });
    await flux.ok("reconcile", "source", "git", "app");
    await flux.ok("create", "kustomization", "outer", "--source=GitRepository/app", "--path=./outer", "--prune=true", "--interval=1h", "--wait=true");
    await flux.ok("reconcile", "kustomization", "outer");
    expect(await flux.ok("tree", "kustomization", "outer")).toBe(
      `Kustomization/${namespace}/outer\n└── Kustomization/${namespace}/inner\n    └── ConfigMap/${namespace}/of-inner\n\n`,
    );
    expect(await flux.ok("get", "kustomization", "inner")).toMatch(/^inner\s+main@sha1:\w+\s+False\s+True\s+Applied revision/m);
    expect(await flux.ok("delete", "kustomization", "outer", "--silent")).toContain("kustomization deleted");
    for (const gone of [
      { ...inner, name: "inner" },
      { apiVersion: "v1", kind: "ConfigMap", name: "of-inner" },
    ]) {
      await toolkit.cluster.untilGone({ apiVersion: gone.apiVersion, kind: gone.kind, namespace, name: gone.name });
    }
  });

  it("says what is wrong", async () => {
    expect(await flux.run("reconcile", "kustomization", "nope")).toMatchObject({
      code: 1,
      output: expect.stringContaining('kustomizations.kustomize.toolkit.fluxcd.io "nope" not found'),
    });
    expect(await flux.run("get", "helmreleases")).toMatchObject({ code: 1, output: expect.stringContaining("no matches for") });
    const installed = await flux.run("check");
    expect(installed).toMatchObject({ code: 1, output: expect.stringContaining("no controllers found") });
    expect(installed.output).toContain("gitrepositories.source.toolkit.fluxcd.io/v1");
  });

  it("deletes what it made, and what that had applied goes too", async () => {
    expect(await flux.ok("delete", "kustomization", "app", "--silent")).toContain("kustomization deleted");
    await toolkit.cluster.untilGone({ apiVersion: "apps/v1", kind: "Deployment", namespace, name: "web" });
    expect(await flux.ok("delete", "source", "git", "app", "--silent")).toContain("source git deleted");
    expect(await flux.run("get", "kustomizations")).toMatchObject({ output: expect.stringContaining("no Kustomization objects found") });
  });
});
