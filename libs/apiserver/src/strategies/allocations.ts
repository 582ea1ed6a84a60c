import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectsAt } from "../draft.ts";
import type { Allocated } from "../resource.ts";

/** The range of Services: 10.96.0.0/16, as kubeadm has it. */
const PREFIX = "10.96.";
/** What a dry run is shown, always the same: nothing is looked for, as upstream. */
const DRY_RUN_ADDRESS = `${PREFIX}0.0`;
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;

/** The addresses and node ports that Services hold. */
export class Allocations {
  readonly #addresses = new Set<string>();
  readonly #nodePorts = new Set<number>();
  #nextAddress = 1;

  address(wanted: string | undefined, isDryRun: boolean): Allocated<string> {
    if (isDryRun && wanted === undefined) return { kind: "held", value: DRY_RUN_ADDRESS };
    const value = wanted ?? this.#freeAddress();
    if (!value.startsWith(PREFIX)) return { kind: "refused", why: "the provided network does not match the current range" };
    if (this.#addresses.has(value)) return { kind: "refused", why: "provided IP is already allocated" };
    if (!isDryRun) this.#addresses.add(value);
    return { kind: "held", value };
  }

  nodePort(wanted: number | undefined, isDryRun: boolean): Allocated<number> {
    const value = wanted ?? this.#freeNodePort();
    if (value < FIRST_NODE_PORT || value > LAST_NODE_PORT) {
      const range = `The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`;
      return { kind: "refused", why: `provided port is not in the valid range. ${range}` };
    }
    if (this.#nodePorts.has(value)) return { kind: "refused", why: "provided port is already allocated" };
    if (!isDryRun) this.#nodePorts.add(value);
    return { kind: "held", value };
  }

  /** Gives back what a Service held. */
  release(service: JsonObject): void {
    for (const address of listAt(service, "spec", "clusterIPs")) if (typeof address === "string") this.#addresses.delete(address);
    for (const port of objectsAt(service, "spec", "ports")) this.#nodePorts.delete(numberAt(port, "nodePort") ?? 0);
  }

  #freeAddress(): string {
    for (let tries = 0; tries < 65_534; tries++) {
      const at = this.#nextAddress;
      this.#nextAddress = (at % 65_533) + 1;
      const address = `${PREFIX}${at >> 8}.${at & 255}`;
      if (!this.#addresses.has(address)) return address;
    }
    return "";
  }

  #freeNodePort(): number {
    for (let port = FIRST_NODE_PORT; port <= LAST_NODE_PORT; port++) if (!this.#nodePorts.has(port)) return port;
    return 0;
  }
}
