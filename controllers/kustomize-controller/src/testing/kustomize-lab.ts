import { join } from "node:path";
import { crd, GIT_REPOSITORY, KUSTOMIZATION, type Artifact, type Condition, type Kustomization, type LiveObject, type ToolkitEvent } from "@plumb/api";
import { TestCluster } from "@plumb/apiserver/testing";
import { SinkServer } from "@plumb/events/testing";
import type { KeptLog } from "@plumb/telemetry/testing";
import { vi } from "vitest";
import { runKustomizeController } from "../compose.ts";
import { parseKustomizeConfig } from "../config.ts";
import { ArtifactServer, type Files } from "./artifact-server.ts";

/** To give up after, many times what is expected. */
export const LIMIT = { timeout: 60_000, interval: 15 };
export const NAMESPACE = "apps";
const SURROUNDINGS = { entry: new URL("../main.ts", import.meta.url), execArgv: ["--conditions=@plumb/source"] };
const KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1";
const SOURCES = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${NAMESPACE}/gitrepositories`;

/** A spec with what a test leaves out filled in. */
export type SpecChange = Partial<Kustomization["spec"]>;

/** The whole controller on an embedded API server, with a source whose artifacts a test publishes and a sink for events. */
export class KustomizeLab {
  readonly cluster: TestCluster;
  readonly artifacts: ArtifactServer;
  readonly sink: SinkServer;
  readonly #log: KeptLog;
  #stop = new AbortController();
  #running: Promise<void> | undefined;

  private constructor(cluster: TestCluster, artifacts: ArtifactServer, sink: SinkServer, log: KeptLog) {
    [this.cluster, this.artifacts, this.sink, this.#log] = [cluster, artifacts, sink, log];
  }

  /** A cluster with the definitions and the namespace; the controller is not started. */
  static async open(log: KeptLog): Promise<KustomizeLab> {
    const definitions = [GIT_REPOSITORY, KUSTOMIZATION].map(crd);
    const cluster = await TestCluster.open({ definitions, namespaces: [NAMESPACE], workloads: false });
    return new KustomizeLab(cluster, await ArtifactServer.start(join(cluster.folder, "artifacts")), await SinkServer.start(), log);
  }

  /** `METHOD path` of what the controller asked for, with `?dryRun` where it is one; watches not counted. */
  get asked(): string[] {
    return this.cluster.asked;
  }

  /** Starts the controller, or starts it again on the same disk. */
  start(...args: readonly string[]): void {
    this.#stop = new AbortController();
    const config = parseKustomizeConfig(
      [
        `--kubeconfig=${this.cluster.kubeconfig}`,
        `--cache-path=${join(this.cluster.folder, "cache")}`,
        `--spool-path=${join(this.cluster.folder, "spool")}`,
        `--events-addr=${this.sink.url}`,
        "--health-addr=127.0.0.1:0",
        "--metrics-addr=127.0.0.1:0",
        "--min-retry-delay=50ms",
        "--http-retry=0",
        ...args,
      ],
      { env: {}, hostname: "machine" },
    );
    this.#running = runKustomizeController(config, { ...SURROUNDINGS, writeLog: this.#log.write }, this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the test is over"));
    await this.#running;
    this.#running = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.sink.close();
    await this.artifacts.close();
    await this.cluster.close();
  }

  /** Asks the API server as somebody else. An answer of 404 is returned, other refusals are thrown. */
  call<Answer = LiveObject>(method: string, path: string, body?: object, manager?: string): Promise<Answer> {
    return this.cluster.call<Answer>(method, path, body, manager);
  }

  async createSource(name: string): Promise<void> {
    const spec = { url: "https://git.example.com/lab", interval: "1h" };
    await this.call("POST", SOURCES, { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", metadata: { name }, spec });
  }

  /** A new artifact with these files becomes the source's. */
  async publish(name: string, files: Files): Promise<Artifact> {
    const artifact = await this.artifacts.publish(files);
    await this.point(name, artifact);
    return artifact;
  }

  /** The source says that this is its artifact. */
  async point(name: string, artifact: Artifact): Promise<void> {
    await this.call("PATCH", `${SOURCES}/${name}/status`, { status: { artifact } });
  }

  kustomizationPath(name: string, namespace = NAMESPACE): string {
    return `${KUSTOMIZATIONS}/namespaces/${namespace}/kustomizations/${name}`;
  }

  /** A Kustomization of everything in the source of its own name. */
  async create(
    name: string,
    spec: SpecChange = {},
    { namespace = NAMESPACE, annotations = {} }: { readonly namespace?: string; readonly annotations?: object } = {},
  ): Promise<void> {
    const whole = { interval: "1h", retryInterval: "1h", prune: true, path: "./", sourceRef: { kind: "GitRepository", name }, ...spec };
    const object = { apiVersion: "kustomize.toolkit.fluxcd.io/v1", kind: "Kustomization", metadata: { name, annotations }, spec: whole };
    await this.call("POST", this.kustomizationPath("", namespace).replace(/\/$/, ""), object);
  }

  /** Source, artifact and Kustomization, applied. */
  async applied(name: string, files: Files, spec: SpecChange = {}, annotations: object = {}): Promise<Kustomization> {
    await this.createSource(name);
    const artifact = await this.publish(name, files);
    await this.create(name, spec, { annotations });
    return this.ready(name, artifact);
  }

  edit(name: string, change: object): Promise<LiveObject> {
    return this.call("PATCH", this.kustomizationPath(name), change);
  }

  /** Asks for a run, and waits for it to end. */
  async reconcile(name: string): Promise<void> {
    const token = `at ${performance.now()}`;
    await this.edit(name, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } });
    await this.until(name, ({ status }) => {
      if (status?.lastHandledReconcileAt !== token) throw new Error("not handled yet");
    });
  }

  /** Reads the Kustomization until the check passes. */
  until(name: string, check: (object: Kustomization) => void, namespace = NAMESPACE): Promise<Kustomization> {
    return vi.waitFor(async () => {
      const object = await this.call<Kustomization>("GET", this.kustomizationPath(name, namespace));
      check(object);
      return object;
    }, LIMIT);
  }

  /** Waits for Ready=True at the revision. */
  ready(name: string, { revision }: Artifact): Promise<Kustomization> {
    return this.until(name, (object) => {
      const seen = `${readyText(object)} at ${object.status?.lastAppliedRevision}, generation ${object.status?.observedGeneration}`;
      const wanted = `True ReconciliationSucceeded: Applied revision: ${revision} at ${revision}, generation ${object.metadata.generation}`;
      if (seen !== wanted) throw new Error(`wanted: ${wanted}; seen: ${seen}`);
    });
  }

  /** undefined when it is not there. */
  async configMap(name: string, namespace = NAMESPACE): Promise<LiveObject | undefined> {
    const found = await this.call("GET", configMapPath(name, namespace));
    return found.kind === "ConfigMap" ? found : undefined;
  }

  async data(name: string, namespace = NAMESPACE): Promise<unknown> {
    return (await this.configMap(name, namespace))?.["data"];
  }

  /** `severity reason: message` of every event of the Kustomization that the sink was sent. */
  told(name: string): readonly string[] {
    return this.events(name).map(({ severity, reason, message }) => `${severity} ${reason}: ${message}`);
  }

  events(name: string): readonly ToolkitEvent[] {
    return this.sink.requests.map(({ body }): ToolkitEvent => JSON.parse(body)).filter(({ involvedObject }) => involvedObject.name === name);
  }
}

export function configMapPath(name: string, namespace = NAMESPACE): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}

export function conditionOf({ status }: Kustomization, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** `status reason: message`; "none" where there is no such condition. */
export function conditionText(object: Kustomization, type: string): string {
  const found = conditionOf(object, type);
  return found === undefined ? "none" : `${found.status} ${found.reason}: ${found.message}`;
}

export function readyText(object: Kustomization): string {
  return conditionText(object, "Ready");
}

/** A manifest of a ConfigMap in the namespace of the tests. */
export function configMap(
  name: string,
  data: object,
  { namespace = NAMESPACE, annotations }: { readonly namespace?: string; readonly annotations?: object } = {},
): string {
  return JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, ...(annotations !== undefined && { annotations }) }, data });
}
