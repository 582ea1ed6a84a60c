import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveObject, Manifest } from "@plumb/api";
import { serveTestRepository, type ServedRepository, type TestFile } from "@plumb/git/testing";
import { parseOne } from "@plumb/yaml";
import { freePorts, ProcessGroup } from "../control-plane/src/index.ts";
import type { ControllerName } from "./bundles.ts";
import { at, ClusterClient } from "./cluster-client.ts";
import { ControllerProcess } from "./controller-process.ts";
import { BUNDLES, type Programs } from "./programs.ts";
import { Sink } from "./sink.ts";
import { until } from "./until.ts";

export interface ToolkitOptions {
  readonly kubeconfig: string;
  /** What runs as the controllers; the bundles unless set. */
  readonly programs?: Programs;
  /** Where the objects of the toolkit live; made when it is missing. Only objects in it are looked at. */
  readonly namespace: string;
  /** Another kubeconfig, as text, for one controller. */
  readonly kubeconfigs?: Partial<Readonly<Record<ControllerName, string>>>;
  /** More flags for one controller; the last one of a name counts. */
  readonly args?: Partial<Readonly<Record<ControllerName, readonly string[]>>>;
  readonly hasLeaderElection?: boolean;
  /** Flags of the leases instead of those that make a take-over quick; empty for the defaults. */
  readonly leaseFlags?: readonly string[];
  /** Processors for the controllers, as `taskset` takes them; any unless set. */
  readonly processors?: string;
}

const LISTENS_AS: Readonly<Record<ControllerName, readonly string[]>> = {
  "notification-controller": ["events", "receiver", "health", "metrics"],
  "source-controller": ["storage", "health", "metrics"],
  "kustomize-controller": ["health", "metrics"],
};
const ADDRESS_FLAGS: Readonly<Record<string, string>> = {
  events: "--events-addr",
  receiver: "--receiverAddr",
  storage: "--storage-addr",
  health: "--health-addr",
  metrics: "--metrics-addr",
};

/** So that a controller that is started again leads soon. */
const QUICK_LEASE = ["--leader-election-lease-duration=3s", "--leader-election-renew-deadline=2s", "--leader-election-retry-period=300ms"];

/** Notification first, for the others report to it. */
export const START_ORDER: readonly ControllerName[] = ["notification-controller", "source-controller", "kustomize-controller"];

/** The three controllers as processes, with a Git repository to follow and a sink for what they tell. */
export class Toolkit implements AsyncDisposable {
  readonly namespace: string;
  readonly cluster: ClusterClient;
  readonly git: ServedRepository;
  readonly sink: Sink;
  readonly #options: ToolkitOptions;
  readonly #programs: Programs;
  readonly #group: ProcessGroup;
  readonly #folder: string;
  readonly #running = new Map<ControllerName, ControllerProcess>();
  #runs = 0;

  private constructor(options: ToolkitOptions, parts: { cluster: ClusterClient; git: ServedRepository; sink: Sink; group: ProcessGroup; folder: string }) {
    this.#options = options;
    this.#programs = options.programs ?? BUNDLES;
    this.namespace = options.namespace;
    this.cluster = parts.cluster;
    this.git = parts.git;
    this.sink = parts.sink;
    this.#group = parts.group;
    this.#folder = parts.folder;
  }

  /** Brings definitions and namespace into the cluster, and starts every controller. */
  static async start(options: ToolkitOptions): Promise<Toolkit> {
    const toolkit = await Toolkit.prepare(options);
    try {
      for (const name of START_ORDER) await toolkit.startController(name);
    } catch (thrown) {
      await toolkit[Symbol.asyncDispose]();
      throw thrown;
    }
    return toolkit;
  }

  /** As `start`, with no controller running yet. */
  static async prepare(options: ToolkitOptions): Promise<Toolkit> {
    const cluster = await ClusterClient.connect(options.kubeconfig);
    await cluster.apply(...(await definitions(options.programs)), namespaceObject(options.namespace));
    const [git, sink, group, folder] = await Promise.all([serveTestRepository(), Sink.start(), ProcessGroup.open(), mkdtemp(join(tmpdir(), "plumb-toolkit-"))]);
    return new Toolkit(options, { cluster, git, sink, group, folder });
  }

  /** Where the controllers keep what they store, each in folders of its own. */
  get folder(): string {
    return this.#folder;
  }

  /** The process of a controller, as it was started last. */
  controller(name: ControllerName): ControllerProcess {
    const found = this.#running.get(name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  }

  /**
   * Starts a controller, or starts it again where it has ended: with the same data, at the same addresses.
   *
   * @param reaching another kubeconfig, as text
   */
  async startController(name: ControllerName, reaching?: string): Promise<ControllerProcess> {
    const { kubeconfig, kubeconfigs, namespace } = this.#options;
    const path = join(this.#folder, `${name}.kubeconfig`);
    await writeFile(path, reaching ?? kubeconfigs?.[name] ?? (await readFile(kubeconfig, "utf8")), { mode: 0o600 });
    this.#runs += 1;
    const addresses = await this.#addresses(name);
    const launch = {
      controller: name,
      command: this.#programs.command(name),
      addresses,
      saysWhereItListens: this.#programs.saysWhereItListens,
      args: this.#args(name, addresses),
      env: { KUBECONFIG: path, RUNTIME_NAMESPACE: namespace },
      processors: this.#options.processors,
    };
    const started = await ControllerProcess.start(this.#group, launch, this.#runs);
    this.#running.set(name, started);
    return started;
  }

  /** Commits, and resolves to the revision that a source which follows the branch will have. */
  async commit(files: Readonly<Record<string, TestFile>>, branch = "main"): Promise<string> {
    return `${branch}@sha1:${await this.git.repository.commit({ files, branch })}`;
  }

  /**
   * Posts to the path in a Receiver's status, and resolves to the status of the answer. The watch of the controller may be a
   * moment behind its own write, and nobody may know the path by then.
   */
  async postHook(receiver: LiveObject): Promise<number> {
    const url = `http://${this.controller("notification-controller").addresses["receiver"]}${String(at(receiver, "status", "webhookPath"))}`;
    return until("a path that is known", async () => {
      const { status } = await fetch(url, { method: "POST", body: "{}" });
      return status === 404 ? undefined : status;
    });
  }

  /** Ends the processes and removes what they wrote on the disk; what is in the cluster stays there. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#group.stop();
    this.cluster[Symbol.dispose]();
    await this.sink[Symbol.asyncDispose]();
    await this.git[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #args(name: ControllerName, addresses: Readonly<Record<string, string>>): readonly string[] {
    const { hasLeaderElection, leaseFlags = QUICK_LEASE, args } = this.#options;
    const election = hasLeaderElection === true ? ["--enable-leader-election", ...leaseFlags] : [];
    const listening = Object.entries(addresses).flatMap(([server, address]) => [ADDRESS_FLAGS[server] ?? "", address]);
    const telling = name === "notification-controller" ? [] : ["--events-addr", `http://${this.controller("notification-controller").addresses["events"]}/`];
    const own = this.#programs.args(name, this.#folder, addresses);
    return ["--watch-all-namespaces=false", ...election, ...listening, ...telling, ...own, ...(args?.[name] ?? [])];
  }

  /**
   * Where it is told to listen: anywhere the first time, and there again later, for others were told. Its other servers too:
   * one that took any free port could take that of a server which starts after it.
   */
  async #addresses(name: ControllerName): Promise<Readonly<Record<string, string>>> {
    const servers = LISTENS_AS[name];
    const before = this.#running.get(name)?.addresses;
    const ports = this.#programs.saysWhereItListens ? [] : await freePorts(servers.length);
    return Object.fromEntries(servers.map((server, index) => [server, before?.[server] ?? `127.0.0.1:${ports[index] ?? 0}`]));
  }
}

function namespaceObject(name: string): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** The definitions that go with the programs: those that the charts bring, unless others are given. */
export async function definitions({ definitions: folder }: Programs = BUNDLES): Promise<readonly Manifest[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  return Promise.all(
    names.map(async (name) => {
      // why: a file of this folder holds one definition
      return parseOne(await readFile(join(folder, name), "utf8")) as unknown as Manifest;
    }),
  );
}
