import type { ResourceName } from "@plumb/kube";

/** What is the same for every object of one kind. */
export interface ControlledKind {
  readonly resource: ResourceName;
  readonly kind: string;
  readonly apiVersion: string;
  /** True when objects carry `finalizers.fluxcd.io` (C-019). */
  readonly isFinalized: boolean;
  /** False for a kind whose CRD has no status. */
  readonly hasStatus: boolean;
  /** Manager of status writes and of the finalizer (C-015). */
  readonly fieldManager: string;
  /** True where a suspended object that is ready says of each new generation that it was seen, so that clients wait for nothing. */
  readonly isSeenSuspended?: boolean;
  /** What Ready says during the first run of an object; the progress itself unless set. */
  readonly firstRunMessage?: string;
}
