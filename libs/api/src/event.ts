/** An event as controllers POST it to notification-controller (spec/flux-core 0.8). */
export interface ToolkitEvent {
  readonly involvedObject: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
    readonly apiVersion?: string;
    readonly resourceVersion?: string;
  };
  readonly severity: "trace" | "info" | "error";
  /** RFC 3339, whole seconds. */
  readonly timestamp: string;
  readonly message: string;
  readonly reason: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly reportingController: string;
  readonly reportingInstance?: string;
}
