import type { KubeAccess } from "@plumb/kube";
import { ApiProxy, type ControllerName, type Interruption, type ProxiedRequest, type Toolkit } from "@plumb/e2e/toolkit";

/** Where a controller is killed. */
export interface KillPoint {
  readonly victim: ControllerName;
  /** Of its requests to the API server, or of its messages to the sink, counted from 1. */
  readonly nth: number;
  /** Whether that request still does its work. */
  readonly when: Interruption;
}

/** A point, from numbers that are the same for the same seed. */
export function killPoint(next: (limit: number) => number): KillPoint {
  const dice = next(10);
  const when = next(2) === 0 ? "before" : "after";
  if (dice < 6) return { victim: "kustomize-controller", nth: 1 + next(16), when };
  if (dice < 8) return { victim: "source-controller", nth: 1 + next(5), when };
  return { victim: "notification-controller", nth: 1 + next(3), when };
}

/** Kills controllers by SIGKILL where it is told, and starts them again. */
export class Killer implements AsyncDisposable {
  readonly #proxies: Readonly<Record<ControllerName, ApiProxy>>;

  private constructor(proxies: Readonly<Record<ControllerName, ApiProxy>>) {
    this.#proxies = proxies;
  }

  static async start(access: KubeAccess): Promise<Killer> {
    return new Killer({
      "source-controller": await ApiProxy.start(access),
      "kustomize-controller": await ApiProxy.start(access),
      "notification-controller": await ApiProxy.start(access),
    });
  }

  /** What the controllers are to reach the API server with. */
  get kubeconfigs(): Readonly<Record<ControllerName, string>> {
    const of = (name: ControllerName): string => this.#proxies[name].kubeconfig;
    return {
      "source-controller": of("source-controller"),
      "kustomize-controller": of("kustomize-controller"),
      "notification-controller": of("notification-controller"),
    };
  }

  /**
   * Does `work` while the victim is killed at the point and started again; at rest, after the work, where it never got there.
   * Resolves to whether the point was met.
   */
  async during(toolkit: Toolkit, { victim, nth, when }: KillPoint, work: () => Promise<void>): Promise<boolean> {
    let [count, isMet] = [0, false];
    const { promise: met, resolve } = Promise.withResolvers<void>();
    const interrupt = (): Interruption | undefined => {
      count += 1;
      return !isMet && count === nth ? when : undefined;
    };
    const die = (): void => {
      isMet = true;
      toolkit.controller(victim).signal("SIGKILL");
      resolve();
    };
    if (victim === "notification-controller") {
      toolkit.sink.interruptWith(() => {
        const found = interrupt();
        if (found !== undefined) die();
        return found;
      });
    } else this.#proxies[victim].interruptWith((request) => (isCounted(request) ? interrupt() : undefined), die);
    const again = met.then(async () => {
      await toolkit.controller(victim).kill();
      await toolkit.startController(victim);
    });
    try {
      await work();
    } finally {
      this.#proxies[victim].interruptWith(undefined);
      toolkit.sink.interruptWith(undefined);
    }
    const wasMet = isMet;
    if (!wasMet) die();
    await again;
    return wasMet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of Object.values(this.#proxies)) await proxy[Symbol.asyncDispose]();
  }
}

/** Watches and the lease go by the clock. */
function isCounted({ isWatch, path }: ProxiedRequest): boolean {
  return !isWatch && !path.includes("/leases/");
}
