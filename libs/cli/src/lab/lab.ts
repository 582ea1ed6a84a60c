import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "@plumb/std";
import type { Host } from "../host.ts";
import type { Hook } from "../roles/knocker.ts";
import { SignIn } from "../sign-in/sign-in.ts";
import { SinkReader } from "./alerts.ts";
import { kubeconfigText, makeIdentity } from "./certificates.ts";
import { Fleet } from "./fleet.ts";
import { checkGuest, installMissingDefinitions, leaveCluster, signInFolder } from "./guest.ts";
import { IMAGE_ENVIRONMENT, IMAGE_NODE_FLAGS } from "./image-settings.ts";
import { LabCluster } from "./lab-cluster.ts";
import { toolkitObjects } from "./manifests.ts";
import { EMBEDDED_NAMES, GUEST_NAMES, LAB_LABEL, type LabNames } from "./names.ts";
import { openShop } from "./open-shop.ts";
import { at } from "./read.ts";
import { hasGitIdentity } from "./git-identity.ts";
import { LabRepository, SOMEBODY } from "./repository.ts";
import { claimFolder, isEndAnnounced, isLabFolder, isRunning, readState, writeState, type LabState } from "./state.ts";
import type { Stage } from "./story.ts";

/** Where the files that a lab runs lie. */
export interface Programs {
  /** This command itself, whose roles are the API server, the Git server and the sink. */
  readonly plumb: string;
  readonly source: string;
  readonly kustomize: string;
  readonly notification: string;
}

export interface LabOptions {
  /** Where the lab keeps everything, such as `./lab`. */
  readonly folder: string;
  readonly programs: Programs;
  /** A cluster to be a guest of; an embedded one unless set. */
  readonly kubeconfig: string | undefined;
  /** What a person types to end a lab of this folder. */
  readonly downCommand: string;
  readonly host: Host;
  readonly onProgress: (text: string) => void;
  /** Told what goes wrong meanwhile and is tried again. */
  readonly onTrouble: (text: string) => void;
  /** Told each line that a process of the lab writes. */
  readonly onLine: (name: string, line: string) => void;
  readonly signal: AbortSignal;
}

const LOOPBACK = "127.0.0.1:0";

/** What is brought into one cluster. */
interface Place {
  /** Ends the names of processes and folders. */
  readonly suffix: string;
  /** Addresses. */
  readonly git: string;
  readonly sink: string;
  /** Where the Git server reads whom to call; undefined for a cluster that it does not call. */
  readonly hookFile: string | undefined;
  readonly names: LabNames;
}

/** A lab that runs: a cluster, a repository, three controllers and a sink, each a process of its own. */
export class Lab {
  readonly #options: LabOptions;
  readonly #fleet: Fleet;
  readonly #clusters: LabCluster[] = [];
  readonly repository: LabRepository;
  #state: LabState = { processes: [] };
  #signIn: SignIn | undefined;
  #hasStarted = false;
  #isRepositoryKept = false;

  constructor(options: LabOptions) {
    this.#options = options;
    const { folder, downCommand, host, onLine, signal } = options;
    const before = readState(folder);
    if (before?.processes.some((record) => isRunning(record, host.kill)) === true)
      throw new ToolkitError(
        "invalid",
        `a lab is running in ${folder} already: end it with Ctrl-C where it runs, or with ${downCommand}; or start another with --dir`,
      );
    claimFolder(folder);
    for (const part of ["data", "logs"]) rmSync(join(folder, part), { recursive: true, force: true });
    mkdirSync(join(folder, "data"), { recursive: true });
    this.repository = new LabRepository(join(folder, "repo"));
    this.#fleet = new Fleet({
      host,
      logFolder: join(folder, "logs"),
      onLine,
      onEnd: (name, how) => {
        if (!isEndAnnounced(folder)) options.onTrouble(`${name} ended with ${how}; its log is ${join(folder, "logs", `${name}.log`)}`);
      },
      signal,
      onChange: (processes) => {
        this.#hasStarted = true;
        this.#state = { ...this.#state, processes };
        if (isLabFolder(folder)) writeState(folder, this.#state); // `lab down` may have removed it
      },
    });
  }

  /** Whether there is, or was, anything to end. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Resolves when every process has ended, whoever ended it. */
  get allEnded(): Promise<void> {
    return this.#fleet.allEnded;
  }

  /** Whether the repository was there and has commits that are not the lab's. */
  get isRepositoryKept(): boolean {
    return this.#isRepositoryKept;
  }

  /** Starts everything, in the order in which it is needed. Resolves to the stage of the story. */
  async up(): Promise<Stage> {
    const { folder, kubeconfig, host, onProgress } = this.#options;
    const names = kubeconfig === undefined ? EMBEDDED_NAMES : GUEST_NAMES;
    const cluster = kubeconfig === undefined ? await this.#connect(await this.#startApiServer("cluster")) : await this.#enter(kubeconfig, names);
    onProgress("starting the Git server");
    this.#isRepositoryKept = await openShop(this.repository, names, hasGitIdentity(host.env) ? undefined : SOMEBODY);
    const hookFile = join(folder, "data", "hook.json");
    const { git = "" } = await this.#role("git", ["--listen", LOOPBACK, "--repository", this.repository.folder, "--hook-file", hookFile], ["git"]);
    const { sink = "" } = await this.#role("sink", ["--listen", LOOPBACK], ["sink"]);
    await this.#furnish(cluster, { suffix: "", git, sink, hookFile, names });
    return {
      cluster,
      repository: this.repository,
      sink: new SinkReader(sink),
      names,
      secondCluster: () => this.#secondCluster({ suffix: "-2", git, sink, hookFile: undefined, names }),
    };
  }

  /** Takes back what was brought into somebody's cluster, and ends every process. @throws {ToolkitError} when the cluster did not let go */
  async down(): Promise<void> {
    try {
      if (this.#signIn !== undefined && this.#state.cluster !== undefined) await leaveCluster(this.#signIn, this.#state.cluster);
    } finally {
      this.#signIn?.close();
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    for (const cluster of this.#clusters) cluster.close();
    await this.#fleet.stop();
  }

  async #secondCluster(place: Place): Promise<LabCluster> {
    const cluster = await this.#connect(await this.#startApiServer("cluster-2"));
    await this.#furnish(cluster, place);
    return cluster;
  }

  async #connect(kubeconfig: string, signIn?: SignIn): Promise<LabCluster> {
    const cluster = await LabCluster.connect(kubeconfig, this.#options.signal, (signal) => signIn?.renew(signal) ?? Promise.resolve(false));
    this.#clusters.push(cluster);
    return cluster;
  }

  /** Enters a cluster that is somebody else's: what will be there because of the lab is noted before it is. */
  async #enter(kubeconfig: string, names: LabNames): Promise<LabCluster> {
    const { folder, host, onProgress, onTrouble, signal } = this.#options;
    onProgress("signing in to the cluster");
    const signIn = await SignIn.open({ kubeconfig, folder: signInFolder(folder), host, signal });
    this.#signIn = signIn;
    const cluster = await this.#connect(signIn.kubeconfig, signIn);
    await checkGuest(cluster, names);
    this.#state = { ...this.#state, cluster: { kubeconfig, definitions: [] } };
    writeState(folder, this.#state);
    // whose failure signs in again where it is a refusal
    const look = (): Promise<unknown> => cluster.get({ apiVersion: "v1", kind: "Namespace", name: names.system });
    void signIn.stay({ look, onTrouble, signal });
    return cluster;
  }

  async #startApiServer(name: string): Promise<string> {
    const { folder, onProgress } = this.#options;
    onProgress("starting the API server");
    const identity = await makeIdentity();
    const data = join(folder, "data", name);
    mkdirSync(data, { recursive: true });
    for (const [file, text] of [
      ["tls.crt", identity.certificate],
      ["tls.key", identity.key],
      ["token", identity.token],
    ] as const) {
      writeFileSync(join(data, file), text, { mode: 0o600 });
    }
    const addresses = await this.#role(
      "apiserver",
      ["--listen", LOOPBACK, "--tls-cert-file", join(data, "tls.crt"), "--tls-key-file", join(data, "tls.key"), "--token-file", join(data, "token")],
      ["apiserver"],
      name,
    );
    const kubeconfig = join(folder, name === "cluster" ? "kubeconfig" : `kubeconfig-${name}`);
    writeFileSync(kubeconfig, kubeconfigText(`https://${addresses["apiserver"]}`, identity, "default"), { mode: 0o600 });
    chmodSync(kubeconfig, 0o600);
    return kubeconfig;
  }

  /** True of somebody's cluster, false of one of the lab's own. */
  #isGuestOf(kubeconfig: string): boolean {
    return kubeconfig === this.#signIn?.kubeconfig;
  }

  /** Brings the toolkit into a cluster: definitions, controllers, and the objects that make the story. */
  async #furnish(cluster: LabCluster, place: Place): Promise<void> {
    const { folder, onProgress } = this.#options;
    const { names } = place;
    onProgress("installing the definitions");
    await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: names.system, labels: { [LAB_LABEL]: "true" } } }]);
    const created = await installMissingDefinitions(cluster);
    if (this.#state.cluster !== undefined && this.#isGuestOf(cluster.kubeconfig)) {
      this.#state = { ...this.#state, cluster: { ...this.#state.cluster, definitions: created } };
      writeState(folder, this.#state);
    }
    const receivers = await this.#startControllers(cluster.kubeconfig, names, place.suffix);
    onProgress("creating the source, the applier and the alerts");
    const hookToken = randomBytes(20).toString("hex");
    await cluster.apply(toolkitObjects(names, { repository: `http://${place.git}/lab.git`, sink: `http://${place.sink}` }, hookToken));
    if (place.hookFile !== undefined) await writeHook(cluster, names, receivers, hookToken, place.hookFile);
  }

  /** Notification first, for the others report to it. Resolves to the address of the web-hook receivers. */
  async #startControllers(kubeconfig: string, { system }: LabNames, suffix: string): Promise<string> {
    const { programs, folder, onProgress } = this.#options;
    const asImage = { nodeFlags: IMAGE_NODE_FLAGS, env: { ...IMAGE_ENVIRONMENT, KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: system } };
    const common = ["--health-addr", LOOPBACK, "--metrics-addr", LOOPBACK, ...(this.#isGuestOf(kubeconfig) ? ["--watch-all-namespaces=false"] : [])];
    const data = (name: string): string => {
      const path = join(folder, "data", `${name}${suffix}`);
      mkdirSync(path, { recursive: true });
      return path;
    };
    onProgress("starting notification-controller");
    const notification = await this.#fleet.start({
      name: `notification-controller${suffix}`,
      file: programs.notification,
      ...asImage,
      listensAs: ["events", "receiver"],
      args: [...common, "--events-addr", LOOPBACK, "--receiverAddr", LOOPBACK, "--spool-path", data("notification")],
    });
    const events = ["--events-addr", `http://${notification["events"]}/`];
    onProgress("starting source-controller");
    await this.#fleet.start({
      name: `source-controller${suffix}`,
      file: programs.source,
      ...asImage,
      listensAs: ["storage"],
      args: [...common, ...events, "--storage-path", data("artifacts"), "--storage-addr", LOOPBACK],
    });
    onProgress("starting kustomize-controller");
    await this.#fleet.start({
      name: `kustomize-controller${suffix}`,
      file: programs.kustomize,
      ...asImage,
      listensAs: ["health"],
      args: [...common, ...events, "--cache-path", data("cache"), "--spool-path", data("kustomize")],
    });
    return notification["receiver"] ?? "";
  }

  #role(role: string, args: readonly string[], listensAs: readonly string[], name: string = role): Promise<Readonly<Record<string, string>>> {
    return this.#fleet.start({ name, file: this.#options.programs.plumb, args: [role, ...args], listensAs });
  }
}

/** Tells the Git server where to knock when a branch moves. */
async function writeHook(cluster: LabCluster, { system }: LabNames, receivers: string, token: string, file: string): Promise<void> {
  const path = await cluster.waitFor("the Receiver's path", async () => {
    const receiver = await cluster.get({ apiVersion: "notification.toolkit.fluxcd.io/v1", kind: "Receiver", namespace: system, name: "git" });
    const found = at(receiver, "status", "webhookPath");
    return typeof found === "string" ? found : undefined;
  });
  const hook: Hook = { url: `http://${receivers}${path}`, token };
  writeFileSync(file, JSON.stringify(hook), { mode: 0o600 });
}
