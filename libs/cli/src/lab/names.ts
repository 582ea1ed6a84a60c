/** Names that one lab uses in a cluster. */
export interface LabNames {
  /** Where the toolkit's own objects are. */
  readonly system: string;
  /** Where the story's workloads are; made by the repository itself. */
  readonly workloads: string;
  readonly app: string;
}

export const EMBEDDED_NAMES: LabNames = { system: "flux-system", workloads: "shop", app: "shop" };

/** On a cluster that is not the lab's own, nothing may be mistaken for somebody else's. */
export const GUEST_NAMES: LabNames = { system: "plumb-lab", workloads: "plumb-lab-shop", app: "shop" };

export const LAB_LABEL = "plumb.dev/lab";
