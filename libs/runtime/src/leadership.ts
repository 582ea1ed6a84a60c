import { LeaderLease, type KubeClient } from "@plumb/kube";
import { ToolkitError, unlessAborted, type Clock, type Log } from "@plumb/std";
import type { LeaderElectionConfig } from "./common-config.ts";
import type { Leadership } from "./manager.ts";

export interface LeadershipOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "patch">;
  readonly config: LeaderElectionConfig;
  readonly namespace: string;
  /** `<controller>-leader-election` (C-021). */
  readonly leaseName: string;
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Leadership by a Lease, and the question that is to be asked right before each write. */
export interface FencedLeadership extends Leadership {
  isLeading(): boolean;
}

export function leaseLeadership({ client, config, namespace, leaseName, identity, clock, log }: LeadershipOptions): FencedLeadership {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, releaseOnCancel } = config;
  const lease = new LeaderLease({
    client,
    namespace,
    name: leaseName,
    identity,
    leaseDurationMs,
    renewDeadlineMs,
    retryPeriodMs,
    releasesOnCancel: releaseOnCancel,
    clock,
    onError: (error) => log.error("lease could not be renewed", { error: error.message }),
  });
  const stop = new AbortController();
  const lost = lease.lost.then(() => Promise.reject(new ToolkitError("conflict", "leader election lost")));
  lost.catch(() => undefined); // heard by who acquires next
  let running: Promise<void> | undefined;
  return {
    isLeading: () => lease.isLeading(),
    async acquire(signal) {
      running ??= lease.run(stop.signal);
      const stopped = (): ToolkitError => new ToolkitError("cancelled", "stopped before it led", { cause: signal.reason });
      try {
        await unlessAborted(Promise.race([lost, lease.won]), signal, stopped);
        const term = new AbortController();
        void lease.lapsed.then(() => term.abort(new ToolkitError("conflict", "the lease could not be renewed in time")));
        return term.signal;
      } catch (thrown) {
        stop.abort();
        await running;
        throw thrown;
      }
    },
    async release() {
      stop.abort();
      await running;
    },
  };
}
