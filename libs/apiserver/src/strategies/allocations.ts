import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectsAt } from "../draft.ts";

/** The range of Services: 10.96.0.0/16, as kubeadm has it. */
const PREFIX = "10.96.";
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;

/** The addresses and node ports that Services hold. */
export class Allocations {
  readonly #addresses = new Set<string>();
  readonly #nodePorts = new Set<number>();
  #nextAddress = 1;

  /** The wanted address, or the next free one; undefined for one outside of the range. One that is held is taken for its holder's. */
  address(wanted: string | undefined, isDryRun: boolean): string | undefined {
    const chosen = wanted ?? this.#freeAddress();
    if (!chosen.startsWith(PREFIX)) return undefined;
    if (!isDryRun) this.#addresses.add(chosen);
    return chosen;
  }

  nodePort(wanted: number | undefined, isDryRun: boolean): number | undefined {
    const chosen = wanted ?? this.#freeNodePort();
    if (chosen < FIRST_NODE_PORT || chosen > LAST_NODE_PORT) return undefined;
    if (!isDryRun) this.#nodePorts.add(chosen);
    return chosen;
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
