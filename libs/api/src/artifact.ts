/** `status.artifact` of a source (spec/flux-core 0.2). A type alias, for an interface would be no JsonValue. */
export type Artifact = {
  /** Path below the storage root: `gitrepository/ns/name/<file>.tar.gz`. */
  readonly path: string;
  readonly url: string;
  /** Compared as text and never taken apart, such as `main@sha1:<40 hex>`. */
  readonly revision: string;
  /** `<algorithm>:<hex>` over the compressed bytes. */
  readonly digest: string;
  /** RFC 3339. */
  readonly lastUpdateTime: string;
  /** Bytes. */
  readonly size?: number;
  readonly metadata?: Readonly<Record<string, string>>;
};
