import { keptLog } from "@plumb/telemetry/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { configMap, configMapPath, KustomizeLab, LIMIT, NAMESPACE, readyText } from "../testing/kustomize-lab.ts";

const log = keptLog();
let lab: KustomizeLab;

beforeAll(async () => {
  lab = await KustomizeLab.open(log);
  lab.start();
});
afterAll(() => lab.close());

const observed = { "plumb.dev/drift": "observe" };
const drifts = (name: string): readonly string[] => lab.told(name).filter((text) => text.includes("Drift"));
const edit = (name: string, data: object): Promise<unknown> => lab.call("PATCH", configMapPath(name), { data });
const becomes = (name: string, data: object | undefined): Promise<void> => vi.waitFor(async () => expect(await lab.data(name)).toEqual(data), LIMIT);
const writes = (from: number): readonly string[] => lab.asked.slice(from).filter((line) => !line.startsWith("GET") && !line.includes("/events"));

describe("drift of an object", () => {
  it("is corrected at once and told once, with field, values and who", async () => {
    await lab.applied("enforced", { "a.yaml": configMap("enforced", { v: "1" }) });
    await edit("enforced", { v: "by hand" });
    await becomes("enforced", { v: "1" });
    await vi.waitFor(
      () =>
        expect(drifts("enforced")).toEqual([
          expect.stringMatching(/^info DriftCorrected: Drift corrected in .*: ConfigMap\/apps\/enforced \/data\/v 1 → by hand \(by kubectl-edit\)$/),
        ]),
      LIMIT,
    );
    expect(lab.events("enforced").at(-1)?.metadata).toMatchObject({
      "kustomize.toolkit.fluxcd.io/drift-object": "ConfigMap/apps/enforced",
      "kustomize.toolkit.fluxcd.io/drift-changes": JSON.stringify([{ path: "/data/v", desired: "1", live: "by hand" }]),
      "kustomize.toolkit.fluxcd.io/drift-managers": "kubectl-edit",
    });
  });

  it("is told with the revision that is applied, also where that left the object as it was", async () => {
    await lab.applied("unchanged", { "a.yaml": configMap("unchanged", { v: "1" }) });
    const newer = await lab.publish("unchanged", { "a.yaml": configMap("unchanged", { v: "1" }), "b.yaml": configMap("beside", {}) });
    await lab.ready("unchanged", newer);
    await edit("unchanged", { v: "2" });
    await vi.waitFor(() => expect(drifts("unchanged")).toHaveLength(1), LIMIT);
    expect(lab.events("unchanged").at(-1)?.metadata?.["kustomize.toolkit.fluxcd.io/revision"]).toBe(newer.revision);
  });

  it("is told again when the same edit is made again", async () => {
    await lab.applied("twice", { "a.yaml": configMap("twice", { v: "1" }) });
    for (const count of [1, 2]) {
      await edit("twice", { v: "2" });
      await becomes("twice", { v: "1" });
      await vi.waitFor(() => expect(drifts("twice")).toHaveLength(count), LIMIT);
    }
    const tokens = lab
      .events("twice")
      .filter(({ reason }) => reason === "DriftCorrected")
      .map(({ metadata }) => metadata?.["kustomize.toolkit.fluxcd.io/token"]);
    expect(new Set(tokens).size).toBe(2);
  });

  it("that is gone is created again", async () => {
    await lab.applied("deleted", { "a.yaml": configMap("deleted", { v: "1" }) });
    await lab.call("DELETE", configMapPath("deleted"));
    await becomes("deleted", { v: "1" });
    await vi.waitFor(() => expect(drifts("deleted")).toEqual([expect.stringMatching(/^info DriftCorrected: .*ConfigMap\/apps\/deleted was deleted$/)]), LIMIT);
  });

  it("that is deleted since a commit cannot change it is created as that commit wants it", async () => {
    const fixed = (v: string): string => JSON.stringify({ ...JSON.parse(configMap("fixed", { v })), immutable: true });
    await lab.applied("fixed", { "a.yaml": fixed("1") });
    const newer = await lab.publish("fixed", { "a.yaml": fixed("2") });
    await lab.until("fixed", (object) => expect(readyText(object)).toContain("ReconciliationFailed"));
    await lab.call("DELETE", configMapPath("fixed"));
    await lab.ready("fixed", newer);
    expect(await lab.data("fixed")).toEqual({ v: "2" });
  });

  it("that is deleted while the newest commit is refused is restored as it was", async () => {
    await lab.applied("held", { "a.yaml": configMap("held", { v: "1" }) });
    const refused = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "No_Name", namespace: NAMESPACE } };
    await lab.publish("held", { "a.yaml": configMap("held", { v: "2" }), "b.yaml": JSON.stringify(refused) });
    await lab.until("held", (object) => expect(readyText(object)).toContain("ReconciliationFailed"));
    await lab.call("DELETE", configMapPath("held"));
    await becomes("held", { v: "1" });
  });

  it("is not told of a Secret's values", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "hidden", namespace: NAMESPACE }, stringData: { password: "first-word" } };
    await lab.applied("hidden", { "a.yaml": JSON.stringify(secret) });
    await lab.call("PATCH", `/api/v1/namespaces/${NAMESPACE}/secrets/hidden`, { data: { password: Buffer.from("second-word").toString("base64") } });
    await vi.waitFor(() => expect(drifts("hidden")).toHaveLength(1), LIMIT);
    const text = JSON.stringify(lab.events("hidden"));
    for (const word of ["first-word", "second-word"]) for (const form of [word, Buffer.from(word).toString("base64")]) expect(text).not.toContain(form);
    expect(drifts("hidden")[0]).toContain("/data/password changed (by kubectl-edit)");
  });

  it("in a namespace that is deleted is corrected with all that was in it", async () => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "inner" } };
    await lab.applied("spaced", { "a.yaml": JSON.stringify(namespace), "b.yaml": configMap("inside", { v: "1" }, { namespace: "inner" }) });
    const before = await lab.call("GET", "/api/v1/namespaces/inner");
    await lab.call("DELETE", "/api/v1/namespaces/inner");
    await vi.waitFor(async () => {
      const after = await lab.call("GET", "/api/v1/namespaces/inner");
      expect([after.metadata?.uid === before.metadata.uid, await lab.data("inside", "inner")]).toEqual([false, { v: "1" }]);
    }, LIMIT);
  });

  it("that cannot be corrected is told with the reason, and told when it is over by a run", async () => {
    await lab.applied("refused", { "a.yaml": configMap("refused", { v: "1" }) });
    const restore = lab.cluster.server.knobs.inject({
      matches: ({ method, path, query }) => method === "PATCH" && path === configMapPath("refused") && !query.has("dryRun") && !query.has("spec"),
      status: 403,
    });
    await edit("refused", { v: "2" });
    await vi.waitFor(
      () =>
        expect(drifts("refused")).toEqual([
          expect.stringMatching(/^error DriftDetected: Drift detected: ConfigMap\/apps\/refused \/data\/v 1 → 2 \(by kubectl-edit\)\nnot corrected: /),
        ]),
      LIMIT,
    );
    restore();
    await lab.reconcile("refused");
    await becomes("refused", { v: "1" });
    await vi.waitFor(
      () =>
        expect(drifts("refused").slice(1)).toEqual([
          expect.stringMatching(/^info DriftResolved: Drift resolved after .*: ConfigMap\/apps\/refused is as it was declared$/),
        ]),
      LIMIT,
    );
  });
});

describe("drift that is observed", () => {
  it("is told and left, at an interval too, until it is over", async () => {
    await lab.applied("watched", { "a.yaml": configMap("watched", { v: "1" }) }, {}, observed);
    await edit("watched", { v: "2" });
    await vi.waitFor(() => expect(drifts("watched")).toEqual([expect.stringMatching(/^error DriftDetected: .*\/data\/v 1 → 2 \(by kubectl-edit\)$/)]), LIMIT);
    const from = lab.asked.length;
    await lab.reconcile("watched");
    await lab.reconcile("watched");
    expect(writes(from).filter((line) => line.includes("configmaps"))).toEqual(Array.from({ length: 2 }, () => `PATCH ${configMapPath("watched")}?dryRun`));
    expect(await lab.data("watched")).toEqual({ v: "2" });
    expect(drifts("watched")).toHaveLength(1);
    await edit("watched", { v: "1" });
    await vi.waitFor(() => expect(drifts("watched").slice(1)).toEqual([expect.stringMatching(/^info DriftResolved: /)]), LIMIT);
  });

  it("is left by a commit that changes something else, and overwritten whole by one that changes the object", async () => {
    const object = configMap("half", { v: "1", w: "1" }, { annotations: observed });
    await lab.applied("half", { "a.yaml": object, "b.yaml": configMap("other", { v: "1" }) });
    await edit("half", { w: "by hand" });
    await vi.waitFor(() => expect(drifts("half")).toHaveLength(1), LIMIT);
    await lab.ready("half", await lab.publish("half", { "a.yaml": object, "b.yaml": configMap("other", { v: "2" }) }));
    expect([await lab.data("half"), await lab.data("other")]).toEqual([{ v: "1", w: "by hand" }, { v: "2" }]);
    await lab.ready(
      "half",
      await lab.publish("half", { "a.yaml": configMap("half", { v: "2", w: "1" }, { annotations: observed }), "b.yaml": configMap("other", { v: "2" }) }),
    );
    expect(await lab.data("half")).toEqual({ v: "2", w: "1" });
    await vi.waitFor(() => expect(drifts("half").at(-1)).toMatch(/^info DriftResolved: /), LIMIT);
  });

  it("is corrected as soon as the policy is to enforce", async () => {
    await lab.applied("policy", { "a.yaml": configMap("policy", { v: "1" }) }, {}, observed);
    await edit("policy", { v: "2" });
    await vi.waitFor(() => expect(drifts("policy")).toEqual([expect.stringMatching(/^error DriftDetected: /)]), LIMIT);
    await lab.edit("policy", { metadata: { annotations: { "plumb.dev/drift": null } } });
    await becomes("policy", { v: "1" });
    await vi.waitFor(() => expect(drifts("policy").slice(1)).toEqual([expect.stringMatching(/^info DriftResolved: /)]), LIMIT);
  });

  it("of a deleted object leaves it deleted, until a commit changes it", async () => {
    await lab.applied("absent", { "a.yaml": configMap("absent", { v: "1" }) }, {}, observed);
    await lab.call("DELETE", configMapPath("absent"));
    await vi.waitFor(() => expect(drifts("absent")).toEqual([expect.stringMatching(/^error DriftDetected: .*ConfigMap\/apps\/absent was deleted/)]), LIMIT);
    await lab.reconcile("absent");
    expect(await lab.configMap("absent")).toBeUndefined();
    await lab.ready("absent", await lab.publish("absent", { "a.yaml": configMap("absent", { v: "2" }) }));
    expect(await lab.data("absent")).toEqual({ v: "2" });
  });

  it("is left and told by the next process too", async () => {
    await lab.applied("restarted", { "a.yaml": configMap("restarted", { v: "1" }) }, {}, observed);
    await lab.stop();
    await edit("restarted", { v: "2" });
    lab.start();
    await vi.waitFor(() => expect(drifts("restarted")).toEqual([expect.stringMatching(/^error DriftDetected: .*\/data\/v 1 → 2 \(by kubectl-edit\)$/)]), LIMIT);
    await lab.reconcile("restarted");
    expect(await lab.data("restarted")).toEqual({ v: "2" });
    await edit("restarted", { v: "1" });
    await vi.waitFor(() => expect(drifts("restarted").slice(1)).toEqual([expect.stringMatching(/^info DriftResolved: /)]), LIMIT);
    await lab.ready("restarted", await lab.publish("restarted", { "a.yaml": configMap("restarted", { v: "3" }) }));
    expect(await lab.data("restarted")).toEqual({ v: "3" });
  });
});
