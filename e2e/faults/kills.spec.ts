import { randomUUID } from "node:crypto";
import { sharedCluster } from "@plumb/e2e/cluster";
import { alerting, at, ClusterClient, configMapFile, gitRepository, isReadyAt, kustomization, targetOf, Toolkit, until, type Target } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture } from "./fixture.ts";
import { Killer, killPoint } from "./kills.ts";
import { seeded } from "./seeded.ts";

const cluster = sharedCluster();

/** Phases of one life, with a kill in each. */
const PHASES = 5;
const POINTS = Number(process.env["KILL_POINTS"] ?? 20);
/** Another seed gives other points; a failure names the seed of its life. */
const SEED = Number(process.env["KILL_SEED"] ?? 1);
const LIFE_MS = 600_000;

describe.skipIf(cluster.kind === "absent")("a controller that is killed in the middle of its work", () => {
  const namespace = `kills-${randomUUID().slice(0, 8)}`;
  const witness = kustomization(namespace, "witness", "witness", { path: "./" });
  const witnessed: Target = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "witnessed" };
  let killer: Killer;
  let toolkit: Toolkit;
  let witnessUid: string;
  let metPoints = 0;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    using direct = await ClusterClient.connect(cluster.kubeconfig);
    killer = await Killer.start(direct.access);
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace, kubeconfigs: killer.kubeconfigs, hasLeaderElection: true });
    await toolkit.commit({ "witnessed.yaml": configMapFile(namespace, "witnessed", {}) }, "witness");
    await toolkit.cluster.apply(
      ...alerting(namespace, toolkit.sink.url),
      gitRepository(namespace, "witness", toolkit.git.url, { ref: { branch: "witness" } }),
      witness,
    );
    witnessUid = (await toolkit.cluster.untilObject("a witness", witnessed, () => true)).metadata.uid;
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await killer?.[Symbol.asyncDispose]();
  });

  const seeds = Array.from({ length: Math.ceil(POINTS / PHASES) }, (_, index) => SEED + index);
  it.each(seeds)("leaves no orphan, deletes nothing wrong, loses no alert, and comes to the same end (seed %i)", { timeout: LIFE_MS }, async (seed) => {
    const name = `life-${seed}`;
    const { revisions, present, targets } = fixture(`${namespace}-${seed}`, `k${randomUUID().slice(0, 8)}`);
    const source = gitRepository(namespace, name, toolkit.git.url, { ref: { branch: name } });
    const app = kustomization(namespace, name, name, { wait: true, retryInterval: "500ms" });
    const next = seeded(seed);

    const phase = async (what: string, work: () => Promise<void>): Promise<void> => {
      const point = killPoint(next);
      try {
        if (await killer.during(toolkit, point, work)) metPoints += 1;
      } catch (thrown) {
        throw new Error(`seed ${seed}, ${what}, ${point.victim} killed ${point.when} request ${point.nth}: ${String(thrown)}`, { cause: thrown });
      }
    };
    const uidOf = async (object: string): Promise<string | undefined> => {
      const target = targets[object];
      return target === undefined ? undefined : (await toolkit.cluster.get(target).catch(() => undefined))?.metadata.uid;
    };
    /** Resolves when the revision is what is there, all of it and nothing else, and people were told. */
    const arrived = async (index: number, revision: string): Promise<void> => {
      const ready = await toolkit.cluster.untilObject(`revision ${index}`, targetOf(app), (object) => isReadyAt(object, revision));
      const wanted = present[index] ?? [];
      expect(at(ready, "status", "inventory", "entries")).toHaveLength(wanted.length);
      for (const object of Object.keys(targets)) {
        await until(
          `${object} ${wanted.includes(object) ? "there" : "gone"} at revision ${index}`,
          async () => ((await uidOf(object)) !== undefined) === wanted.includes(object) || undefined,
        );
      }
      for (const kind of ["GitRepository", "Kustomization"])
        await until(
          `an alert of the ${kind} about ${revision}`,
          () => toldOf(kind, revision),
          () =>
            toolkit.sink.messages
              .map(({ body }) => body)
              .slice(-20)
              .join("\n"),
        );
    };
    const toldOf = (kind: string, revision: string): true | undefined =>
      toolkit.sink.messages.some(({ body }) => body.includes(`"kind":"${kind}"`) && body.includes(`"name":"${name}"`) && body.includes(revision)) || undefined;
    const push = async (index: number): Promise<string> => {
      const revision = await toolkit.commit(revisions[index] ?? {}, name);
      if (index > 0) await toolkit.cluster.requestReconcile(targetOf(source));
      return revision;
    };

    await phase("first apply", async () => {
      const revision = await push(0);
      await toolkit.cluster.apply(source, app);
      await arrived(0, revision);
    });
    const [spaceUid, webUid, definitionUid] = await Promise.all(["space", "web", "definition"].map(uidOf));
    const space = targets["space"]?.name ?? "";
    await toolkit.cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "bystander", namespace: space }, data: {} });

    await phase("change", async () => {
      await arrived(1, await push(1));
      expect(await Promise.all(["space", "web", "definition"].map(uidOf))).toEqual([spaceUid, webUid, definitionUid]);
    });

    await phase("drift", async () => {
      const { web } = targets;
      if (web === undefined) return;
      const before = toolkit.sink.messages.length;
      await toolkit.cluster.edit(web, { spec: { replicas: 4 } });
      await toolkit.cluster.untilObject("the replicas of Git", web, (object) => at(object, "spec", "replicas") === 1);
      await until(
        "an alert about the edit",
        () => toolkit.sink.messages.slice(before).find(({ body }) => body.includes(`Deployment/${space}/web`)),
        () =>
          toolkit.sink.messages
            .slice(before)
            .map(({ body }) => body)
            .join("\n"),
      );
    });

    await phase("shrink", async () => {
      await arrived(2, await push(2));
      expect(await uidOf("space")).toBe(spaceUid);
      expect(await toolkit.cluster.get({ apiVersion: "v1", kind: "ConfigMap", namespace: space, name: "bystander" })).toBeDefined();
    });

    await phase("removal", async () => {
      await toolkit.cluster.delete(targetOf(app));
      await toolkit.cluster.untilGone(targetOf(app));
      await until("the namespace on its way out", async () => {
        const found = await toolkit.cluster.get({ apiVersion: "v1", kind: "Namespace", name: space });
        return found === undefined || found.metadata.deletionTimestamp !== undefined || undefined;
      });
      await toolkit.cluster.delete(targetOf(source));
      await toolkit.cluster.untilGone(targetOf(source));
    });
    expect((await toolkit.cluster.get(witnessed))?.metadata.uid).toBe(witnessUid);
  });

  it("was killed in the middle more often than at rest", () => {
    expect(metPoints).toBeGreaterThan(POINTS / 2);
  });
});
