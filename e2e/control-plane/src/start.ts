import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { HttpsClient, type ServerAccess } from "./https-client.ts";
import { ProcessGroup, type RunningProcess } from "./process-group.ts";

export interface StartOptions {
  /** Folder of the programs, as `findBinaries` gives it. */
  readonly binaries: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** More flags for kube-apiserver; the last one of a name counts. */
  readonly apiServerFlags?: readonly string[];
}

/** etcd and kube-apiserver, on addresses of this machine alone. Reached as a member of `system:masters`. */
export interface ControlPlane extends ServerAccess {
  /** The certificate that is trusted, as a file. */
  readonly caFile: string;
  /** A kubeconfig that names no other file, mode 0600. */
  readonly kubeconfig: string;
  /** Path of a `kubectl` of the same version. */
  readonly kubectl: string;
  /** Folder of logs and data; gone after `stop`. */
  readonly folder: string;
  readonly pids: readonly number[];
  /** Of kube-apiserver, as it was started last. */
  readonly apiServerPid: number;
  /** Folder of etcd's data. */
  readonly dataFolder: string;
  /** Kills etcd and kube-apiserver, runs `meanwhile`, and returns when both are back at the same addresses and ready. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /**
   * Starts kube-controller-manager.
   *
   * @param which controllers by name as its `--controllers` flag takes them; `WORKLOAD_CONTROLLERS` for all that the
   *   node simulator leaves to do
   */
  startControllers(which: readonly string[]): Promise<RunningProcess>;
  /** Ends one process that `startControllers` started, by SIGKILL. */
  stopControllers(controllers: RunningProcess): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Every controller but those that the node simulator stands in for, or that would call its Node dead: nobody sends
 * heartbeats, and claims are bound without volumes.
 */
export const WORKLOAD_CONTROLLERS: readonly string[] = [
  "*",
  "-node-lifecycle-controller",
  "-taint-eviction-controller",
  "-persistentvolume-binder-controller",
  "-persistentvolume-attach-detach-controller",
];

/** What the recorded cases need of controllers, and nothing that would act on workloads. */
export const LIFECYCLE_CONTROLLERS: readonly string[] = ["namespace-controller", "garbage-collector-controller"];

const TRIES = 3;
const READY_MS = 120_000;

/**
 * Starts a control plane and returns when it is ready. Nothing survives the end of this process, however it ends.
 *
 * @throws {Error} with the last words of the process that failed, after three tries on other ports
 */
export async function startControlPlane(options: StartOptions, signal: AbortSignal): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt++) {
    const group = await ProcessGroup.open();
    try {
      return await startOnce(group, options, signal);
    } catch (thrown) {
      await group.stop();
      signal.throwIfAborted();
      if (attempt === TRIES) throw thrown;
    }
  }
}

async function startOnce(group: ProcessGroup, { binaries, env, apiServerFlags = [] }: StartOptions, signal: AbortSignal): Promise<ControlPlane> {
  const [port = 0, clientPort = 0, peerPort = 0] = await freePorts(3);
  const token = randomBytes(24).toString("base64url");
  const { folder } = group;
  await writeSecrets(folder, token);
  const flags = [...serverFlags(folder, port, clientPort), ...apiServerFlags];
  const caFile = join(folder, "certificates", "apiserver.crt");
  let running: readonly RunningProcess[] = [];
  const startBoth = async (): Promise<ServerAccess> => {
    const etcd = await group.start("etcd", join(binaries, "etcd"), etcdFlags(folder, clientPort, peerPort), env);
    running = [etcd, await group.start("kube-apiserver", join(binaries, "kube-apiserver"), flags, env)];
    return ready({ url: `https://127.0.0.1:${port}`, token, caFile }, group, running, signal);
  };
  const access = await startBoth();
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, kubeconfigText(access), { mode: 0o600 });
  return {
    ...access,
    caFile,
    kubeconfig,
    kubectl: join(binaries, "kubectl"),
    folder,
    get pids() {
      return group.pids;
    },
    get apiServerPid() {
      return running.at(-1)?.pid ?? 0;
    },
    dataFolder: join(folder, "etcd"),
    async restart(meanwhile) {
      for (const one of running.toReversed()) await group.kill(one);
      await meanwhile?.();
      await startBoth();
    },
    startControllers: (which) =>
      group.start("kube-controller-manager", join(binaries, "kube-controller-manager"), controllerFlags(folder, caFile, kubeconfig, which), env),
    stopControllers: (controllers) => group.kill(controllers),
    stop: () => group.stop(),
  };
}

/** The token of the one user, and the key that service account tokens are signed with. */
async function writeSecrets(folder: string, token: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(join(folder, "tokens.csv"), `${token},plumb,plumb,system:masters\n`, { mode: 0o600 });
  await writeFile(join(folder, "service-account.key"), privateKey, { mode: 0o600 });
}

/** Without fsync: what a crash of the machine would lose is gone with it anyway. */
function etcdFlags(folder: string, clientPort: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${join(folder, "etcd")}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function serverFlags(folder: string, port: number, etcdPort: number): readonly string[] {
  const key = join(folder, "service-account.key");
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--disable-admission-plugins=ServiceAccount",
    "--authorization-mode=RBAC",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--allow-privileged=true",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${key}`,
    `--service-account-key-file=${key}`,
  ];
}

function controllerFlags(folder: string, caFile: string, kubeconfig: string, which: readonly string[]): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${which.join(",")}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    `--root-ca-file=${caFile}`,
    `--service-account-private-key-file=${join(folder, "service-account.key")}`,
  ];
}

async function ready(
  { url, token, caFile }: { url: string; token: string; caFile: string },
  group: ProcessGroup,
  processes: readonly RunningProcess[],
  signal: AbortSignal,
): Promise<ServerAccess> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await delay(50, undefined, { signal })) {
    const ended = processes.find(({ end }) => end !== undefined);
    if (ended !== undefined) throw new Error(`${ended.name} ended (${ended.end}) before it was ready:\n${await group.logTail(ended.name, 10)}`);
    // The server makes its certificate itself, as one of the first things.
    const ca = await readFile(caFile, "utf8").catch(() => "");
    if (ca.endsWith("-----END CERTIFICATE-----\n") && (await answersReady({ url, token, ca }, signal))) return { url, token, ca };
  }
  throw new Error(`kube-apiserver was not ready within ${READY_MS / 1000} s:\n${await group.logTail("kube-apiserver", 10)}`);
}

async function answersReady(access: ServerAccess, signal: AbortSignal): Promise<boolean> {
  const client = new HttpsClient(access);
  try {
    return (await client.request("GET", "/readyz", signal)).status === 200;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

function kubeconfigText({ url, token, ca }: ServerAccess): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "plumb", cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
      users: [{ name: "plumb", user: { token } }],
      contexts: [{ name: "plumb", context: { cluster: "plumb", user: "plumb", namespace: "default" } }],
      "current-context": "plumb",
    },
    undefined,
    2,
  )}\n`;
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
