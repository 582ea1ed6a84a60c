/**
 * `metav1.Condition`, as the API server stores it. Times are RFC 3339 in UTC with whole seconds. A type alias, for an
 * interface would be no JsonValue.
 */
export type Condition = {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
};
