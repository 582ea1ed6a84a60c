/** Who speaks. */
export interface Reporter {
  /** Such as `kustomize-controller`. */
  readonly controller: string;
  /** Name of the pod or host. */
  readonly instance: string;
}
