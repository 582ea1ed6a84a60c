import { readFile } from "node:fs/promises";
import { alerting, gitRepository, kustomization, START_ORDER, Toolkit, type ControllerName } from "@plumb/e2e/toolkit";
import { startFaultProxy, type Fault, type FaultProxy } from "@plumb/http/testing";

/** A way from one to the other that can be cut. */
export type Link = "API server" | "Git server" | "artifact server" | "event intake" | "sink";

export const LINKS: readonly Link[] = ["API server", "Git server", "artifact server", "event intake", "sink"];

/** The controllers, with a proxy on every way between them and the rest of the world. */
export class DividedWorld implements AsyncDisposable {
  readonly toolkit: Toolkit;
  readonly #links: Readonly<Record<Link, FaultProxy>>;

  private constructor(toolkit: Toolkit, links: Readonly<Record<Link, FaultProxy>>) {
    this.toolkit = toolkit;
    this.#links = links;
  }

  static async start(kubeconfig: string, namespace: string): Promise<DividedWorld> {
    const config = await readFile(kubeconfig, "utf8");
    const server = new URL(/"?server"?:\s*"?(https?:[^"\s]+)/.exec(config)?.[1] ?? "");
    const toPort =
      (url: () => string): (() => number) =>
      () =>
        Number(new URL(url()).port);
    const holder: { toolkit?: Toolkit } = {};
    const listens = (controller: ControllerName, as: string) => toPort(() => `http://${holder.toolkit?.controller(controller).addresses[as]}`);
    const links = {
      "API server": await startFaultProxy({ port: Number(server.port) }),
      "Git server": await startFaultProxy({ port: toPort(() => holder.toolkit?.git.url ?? "") }),
      "artifact server": await startFaultProxy({ port: listens("source-controller", "storage") }),
      "event intake": await startFaultProxy({ port: listens("notification-controller", "events") }),
      sink: await startFaultProxy({ port: toPort(() => holder.toolkit?.sink.url ?? "") }),
    };
    const cut = config.replaceAll(server.host, `127.0.0.1:${links["API server"].port}`);
    const events = ["--events-addr", links["event intake"].url.href];
    const toolkit = await Toolkit.prepare({
      kubeconfig,
      namespace,
      kubeconfigs: { "source-controller": cut, "kustomize-controller": cut, "notification-controller": cut },
      args: {
        "source-controller": [...events, "--storage-adv-addr", links["artifact server"].url.host],
        "kustomize-controller": events,
      },
      hasLeaderElection: true,
      leaseFlags: [],
    });
    holder.toolkit = toolkit;
    for (const name of START_ORDER) await toolkit.startController(name);
    const world = new DividedWorld(toolkit, links);
    const git = new URL(toolkit.git.url);
    git.port = String(links["Git server"].port);
    await toolkit.cluster.apply(
      ...alerting(namespace, links.sink.url.origin),
      gitRepository(namespace, "app", git.href, { interval: "10s", timeout: "5s" }),
      kustomization(namespace, "app", "app"),
    );
    return world;
  }

  /** Makes a link faulty, or whole again with `none`. */
  set(link: Link, fault: Fault): void {
    this.#links[link].set(fault);
  }

  /** Connections that were tried so far over a link. */
  triesOf(link: Link): number {
    return this.#links[link].connectionCount();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.toolkit[Symbol.asyncDispose]();
    for (const link of LINKS) await this.#links[link].close();
  }
}
