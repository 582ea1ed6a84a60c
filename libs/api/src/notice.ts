/** Something that people are told about an object. */
export interface Notice {
  /** `trace` becomes a Kubernetes Event only; it is never posted (C-026). */
  readonly severity: "trace" | "info" | "error";
  readonly reason: string;
  readonly message: string;
  /** Keys carry the API group of the kind, such as `source.toolkit.fluxcd.io/revision`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Posted without a Kubernetes Event beside it: what every quiet run says. */
  readonly isQuiet?: boolean;
  /** Written to disk before `notify` resolves, so that a crash does not lose it. */
  readonly isDurable?: boolean;
}
