import { keptLog } from "@plumb/telemetry/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { conditionText, configMap, configMapPath, KustomizeLab, LIMIT, NAMESPACE, readyText } from "../testing/kustomize-lab.ts";

const log = keptLog();
let lab: KustomizeLab;

beforeAll(async () => {
  lab = await KustomizeLab.open(log);
  lab.start("--requeue-dependency=200ms", "--no-cross-namespace-refs");
});
afterAll(() => lab.close());

describe("a Kustomization on a cluster", () => {
  it("is applied, said and told", async () => {
    const { metadata, status } = await lab.applied("app", { "a.yaml": configMap("one", { v: "1" }) });
    const revision = status?.lastAppliedRevision;
    expect(metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    expect(status).toMatchObject({
      lastAttemptedRevision: revision,
      inventory: { entries: [{ id: `${NAMESPACE}_one__ConfigMap`, v: "v1" }] },
      history: [{ lastReconciledStatus: "ReconciliationSucceeded", totalReconciliations: 1, metadata: { revision } }],
    });
    expect(status?.conditions?.map(({ type }) => type)).toEqual(["Ready"]);
    expect(await lab.configMap("one")).toMatchObject({
      data: { v: "1" },
      metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "app", "kustomize.toolkit.fluxcd.io/namespace": NAMESPACE } },
    });
    await vi.waitFor(
      () =>
        expect(lab.told("app")).toEqual([
          "info Progressing: ConfigMap/apps/one created",
          expect.stringMatching(/^info ReconciliationSucceeded: Reconciliation finished in .*, next run in 1h0m0s$/),
        ]),
      LIMIT,
    );
    expect(lab.events("app")[0]).toMatchObject({
      involvedObject: { kind: "Kustomization", namespace: NAMESPACE },
      metadata: { "kustomize.toolkit.fluxcd.io/revision": revision },
    });
  });

  it("waits for a source that is missing, or that has no artifact yet, and goes on when it is there", async () => {
    await lab.create("early");
    await lab.until("early", (object) => expect(readyText(object)).toBe('False ArtifactFailed: GitRepository.source.toolkit.fluxcd.io "early" not found'));
    await lab.createSource("early");
    await lab.edit("early", { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "now" } } });
    await lab.until("early", (object) => expect(readyText(object)).toBe("False ArtifactFailed: Source artifact not found, retrying in 200ms"));
    const artifact = await lab.publish("early", { "a.yaml": configMap("early", {}) });
    expect((await lab.ready("early", artifact)).status?.conditions?.map(({ type }) => type)).toEqual(["Ready"]);
    expect(lab.told("early").filter((text) => text.startsWith("error"))).toEqual([]);
  });

  it("waits for an artifact that is not served yet, without telling anybody", async () => {
    await lab.createSource("unserved");
    const artifact = await lab.artifacts.publish({ "a.yaml": configMap("unserved", {}) });
    const path = new URL(artifact.url).pathname;
    const bytes = lab.artifacts.served.get(path);
    lab.artifacts.served.delete(path);
    await lab.point("unserved", artifact);
    await lab.create("unserved");
    await lab.until("unserved", (object) => expect(readyText(object)).toBe("False ArtifactFailed: Source is not ready, artifact not found, retrying in 200ms"));
    if (bytes !== undefined) lab.artifacts.served.set(path, bytes);
    await lab.ready("unserved", artifact);
    expect(lab.told("unserved").filter((text) => text.startsWith("error"))).toEqual([]);
  });

  it("follows the artifact of its source, and prunes what is no longer in it but for what is marked", async () => {
    const kept = configMap("kept", { v: "1" }, { annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" } });
    await lab.applied("pruning", { "a.yaml": configMap("stays", { v: "1" }), "b.yaml": configMap("goes", {}), "c.yaml": kept });
    const artifact = await lab.publish("pruning", { "a.yaml": configMap("stays", { v: "2" }) });
    const { status } = await lab.ready("pruning", artifact);
    expect(status?.inventory?.entries.map(({ id }) => id)).toEqual([`${NAMESPACE}_stays__ConfigMap`]);
    expect(await Promise.all(["stays", "goes", "kept"].map((name) => lab.data(name)))).toEqual([{ v: "2" }, undefined, { v: "1" }]);
    await vi.waitFor(
      () =>
        expect(lab.told("pruning")).toEqual(
          expect.arrayContaining([
            "info Progressing: ConfigMap/apps/stays configured",
            "info Progressing: ConfigMap/apps/kept skipped\nConfigMap/apps/goes deleted",
          ]),
        ),
      LIMIT,
    );
  });

  it("notes on objects where they come from, where the spec asks for it", async () => {
    await lab.applied("noted", { "a.yaml": configMap("noted", {}) }, { buildMetadata: ["originAnnotations"] });
    expect((await lab.configMap("noted"))?.metadata.annotations).toEqual({ "config.kubernetes.io/origin": "path: a.yaml\n" });
  });

  it("leaves what is no longer in Git where prune is off, and forgets it", async () => {
    await lab.applied("unpruned", { "a.yaml": configMap("in-git", {}), "b.yaml": configMap("left", {}) }, { prune: false });
    const { status } = await lab.ready("unpruned", await lab.publish("unpruned", { "a.yaml": configMap("in-git", {}) }));
    expect(status?.inventory?.entries.map(({ id }) => id)).toEqual([`${NAMESPACE}_in-git__ConfigMap`]);
    expect(await lab.configMap("left")).toBeDefined();
  });

  it("deletes everything when Git is empty, and brings it back", async () => {
    const files = { "a.yaml": configMap("emptied", { v: "1" }) };
    await lab.applied("emptied", files);
    const empty = await lab.ready("emptied", await lab.publish("emptied", { "README.md": "nothing" }));
    expect(empty.status?.inventory?.entries).toEqual([]);
    expect(await lab.configMap("emptied")).toBeUndefined();
    await lab.ready("emptied", await lab.publish("emptied", files));
    expect(await lab.data("emptied")).toEqual({ v: "1" });
  });

  it("does nothing while it is suspended, and catches up", async () => {
    await lab.applied("paused", { "a.yaml": configMap("paused", { v: "1" }) });
    await lab.edit("paused", { spec: { suspend: true } });
    await lab.applied("witness", { "a.yaml": configMap("witness", {}) });
    await lab.call("PATCH", configMapPath("paused"), { data: { v: "by hand" } });
    const next = await lab.publish("paused", { "a.yaml": configMap("paused", { v: "2" }) });
    await lab.ready("witness", await lab.publish("witness", { "a.yaml": configMap("witness", { v: "2" }) }));
    expect(await lab.data("paused")).toEqual({ v: "by hand" });
    await lab.until("paused", ({ metadata, status }) => expect(status?.observedGeneration).toBe(metadata.generation));
    await lab.edit("paused", { spec: { suspend: false } });
    await lab.ready("paused", next);
    expect(await lab.data("paused")).toEqual({ v: "2" });
  });

  it("is refused a source in another namespace, where that is blocked", async () => {
    await lab.create("lockdown", { sourceRef: { kind: "GitRepository", name: "app", namespace: "default" } });
    const { status } = await lab.until("lockdown", (object) =>
      expect(readyText(object)).toBe("False AccessDenied: can't access 'GitRepository/default/app', cross-namespace references have been blocked"),
    );
    expect(status?.conditions?.find(({ type }) => type === "Stalled")?.status).toBe("True");
    expect(status?.observedGeneration).toBe(1);
  });

  it("is refused an external artifact, whose gate is off (K-007)", async () => {
    await lab.create("external", { sourceRef: { kind: "ExternalArtifact", name: "e" } });
    const message = "can't access 'ExternalArtifact/apps/e', ExternalArtifact feature gate is disabled";
    await lab.until("external", (object) => expect(readyText(object)).toBe(`False AccessDenied: ${message}`));
    await vi.waitFor(() => expect(lab.told("external")).toEqual([`error AccessDenied: ${message}`]), LIMIT);
  });

  it("that another one applies keeps its finalizer, and takes back what it applied when that one goes", async () => {
    const spec = { interval: "1h", prune: true, path: "./inner", sourceRef: { kind: "GitRepository", name: "outer" } };
    const inner = { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", metadata: { name: "inner", namespace: NAMESPACE }, spec };
    const files = { "outer/inner.yaml": JSON.stringify(inner), "inner/a.yaml": configMap("of-inner", {}) };
    await lab.applied("outer", files, { path: "./outer", wait: true });
    await lab.reconcile("outer");
    await lab.ready("outer", await lab.publish("outer", { ...files, "README.md": "x" }));
    expect((await lab.until("inner", () => {})).metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    await lab.call("DELETE", lab.kustomizationPath("outer"));
    for (const name of ["outer", "inner"]) await gone(name);
    expect(await lab.configMap("of-inner")).toBeUndefined();
    expect(lab.told("outer").filter((text) => text.includes("configured"))).toEqual([]);
  });

  it("is refused a kind of source that is not built, naming the field", async () => {
    await lab.create("bucket", { sourceRef: { kind: "Bucket", name: "b" } });
    await lab.until("bucket", (object) =>
      expect(readyText(object)).toBe("False FeatureNotSupported: spec.sourceRef.kind Bucket is not supported by this version of kustomize-controller"),
    );
  });

  it("takes back what it applied as its deletion policy says", async () => {
    const policies = ["MirrorPrune", "Delete", "Orphan", "WaitForTermination"] as const;
    for (const policy of policies) {
      const name = policy.toLowerCase();
      const kept = configMap(`${name}-kept`, {}, { annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" } });
      await lab.applied(name, { "a.yaml": configMap(name, {}), "b.yaml": kept }, { prune: policy === "MirrorPrune", deletionPolicy: policy });
    }
    await lab.call("PATCH", configMapPath("waitfortermination"), { metadata: { finalizers: ["example.com/slow"] } });
    for (const policy of policies) await lab.call("DELETE", lab.kustomizationPath(policy.toLowerCase()));
    for (const policy of ["mirrorprune", "delete", "orphan"]) await gone(policy);
    expect(await Promise.all(["mirrorprune", "delete", "orphan"].map(async (name) => (await lab.configMap(name)) !== undefined))).toEqual([false, false, true]);
    const waiting = await lab.until("waitfortermination", (object) =>
      expect(readyText(object)).toBe("Unknown Progressing: Waiting for resources to terminate"),
    );
    expect(waiting.metadata.deletionTimestamp).toBeDefined();
    await lab.call("PATCH", configMapPath("waitfortermination"), { metadata: { finalizers: null } });
    await gone("waitfortermination");
    await vi.waitFor(
      () =>
        expect(lab.told("waitfortermination").filter((text) => text.endsWith("deleted"))).toEqual([
          "info ReconciliationSucceeded: ConfigMap/apps/waitfortermination-kept skipped\nConfigMap/apps/waitfortermination deleted",
        ]),
      LIMIT,
    );
    expect(lab.events("waitfortermination").at(-1)?.metadata).toEqual({ "kustomize.toolkit.fluxcd.io/revision": waiting.status?.lastAppliedRevision });
    expect(await lab.configMap("waitfortermination-kept")).toBeDefined();
  });

  it("leaves everything when it is deleted while suspended, and what its policy mirrors with prune off", async () => {
    await lab.applied("left-suspended", { "a.yaml": configMap("left-suspended", {}) });
    await lab.applied("left-unpruned", { "a.yaml": configMap("left-unpruned", {}) }, { prune: false });
    await lab.edit("left-suspended", { spec: { suspend: true } });
    for (const name of ["left-suspended", "left-unpruned"]) {
      await lab.call("DELETE", lab.kustomizationPath(name));
      await gone(name);
      expect(await lab.configMap(name)).toBeDefined();
    }
  });

  it("is kept, and says why, while something of it cannot be deleted", async () => {
    await lab.applied("stuck", { "a.yaml": configMap("stuck", {}) });
    const restore = lab.cluster.server.knobs.inject({ matches: ({ method, path }) => method === "DELETE" && path === configMapPath("stuck"), status: 500 });
    await lab.call("DELETE", lab.kustomizationPath("stuck"));
    const kept = await lab.until("stuck", (object) => expect(readyText(object)).toMatch(/^False PruneFailed: .*ConfigMap\/apps\/stuck delete failed: /));
    expect(kept.status?.inventory?.entries).toHaveLength(1);
    await vi.waitFor(
      () =>
        expect(lab.told("stuck")).toContainEqual(
          expect.stringMatching(/^error PruneFailed: pruning for deleted resource failed: delete failed, errors: ConfigMap\/apps\/stuck delete failed: /),
        ),
      LIMIT,
    );
    restore();
    await gone("stuck");
    expect(await lab.configMap("stuck")).toBeUndefined();
  });
});

describe("a commit that cannot be", () => {
  it.each<[string, string, string, Readonly<Record<string, string>>, RegExp]>([
    ["applied, for its path leads nowhere", "path", "ArtifactFailed", {}, /^kustomization path not found: .*broken-path/],
    [
      "built, for a file is not YAML",
      "yaml",
      "BuildFailed",
      { "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [x\n" },
      /b\.yaml.*line 5|b\.yaml:[45]/,
    ],
    ["built, for a manifest has no kind", "kind", "BuildFailed", { "b.yaml": "apiVersion: v1\nmetadata:\n  name: x\n" }, /b\.yaml/],
    [
      "applied, for the API server refuses it",
      "refused",
      "ReconciliationFailed",
      { "b.yaml": "# first\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  namespace: apps\nspec:\n  replicas: many\n" },
      /^Deployment\/apps\/x dry-run failed.*b\.yaml:2/s,
    ],
    [
      "applied, for nobody knows the kind",
      "unknown",
      "ReconciliationFailed",
      { "b.yaml": "apiVersion: none.test/v1\nkind: Nothing\nmetadata:\n  name: x\n  namespace: apps\n" },
      /^Nothing\/apps\/x dry-run failed: no matches for kind "Nothing" in version "none\.test\/v1".*b\.yaml:1/s,
    ],
  ])("%s, is named, and the last good state is kept", async (_, id, reason, files, message) => {
    const name = `broken-${id}`;
    const good = { [`${name}/a.yaml`]: configMap(name, { v: "good" }) };
    const before = await lab.applied(name, good, { path: `./${name}` });
    const bad =
      id === "path"
        ? { "elsewhere/a.yaml": configMap(name, { v: "bad" }) }
        : { [`${name}/a.yaml`]: configMap(name, { v: "bad" }), ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}/${path}`, text])) };
    const artifact = await lab.publish(name, bad);
    const failed = await lab.until(name, (object) => expect(readyText(object)).toMatch(new RegExp(`^False ${reason}: `)));
    const told = failed.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
    expect(told).toMatch(message);
    expect(told).not.toMatch(/\n\s+at |\.ts:\d|node:internal|plumb-kustomize-controller-/);
    expect(conditionText(failed, "Reconciling")).toMatch(
      /^True ProgressingWithRetry: (Fetching|Building) manifests for revision .* with a timeout of|^True ProgressingWithRetry: Detecting drift for revision/,
    );
    expect(failed.status?.lastAppliedRevision).toBe(before.status?.lastAppliedRevision);
    expect(failed.status?.lastAttemptedRevision).toBe(id === "path" ? before.status?.lastAppliedRevision : artifact.revision);
    expect(await lab.data(name)).toEqual({ v: "good" });
    await vi.waitFor(() => expect(lab.told(name)).toContain(`error ${reason}: ${told}`), LIMIT);
    await lab.ready(name, await lab.publish(name, { ...good, "fixed.txt": "" }));
  });
});

function gone(name: string): Promise<void> {
  return vi.waitFor(async () => expect(await lab.call<object>("GET", lab.kustomizationPath(name))).toMatchObject({ code: 404 }), LIMIT);
}
