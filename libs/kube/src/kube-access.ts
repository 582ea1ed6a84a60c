import type { Proxy } from "@plumb/http";

/** How to reach one API server and as whom. Holds credentials: never logged, never part of an error. */
export interface KubeAccess {
  /** `https:` or `http:`; a path in it comes before every request's. */
  readonly server: URL;
  /** PEM certificates that the server's is checked against; the system's unless set. */
  readonly ca?: string | undefined;
  /** Name that the server's certificate must hold, where it is not the host of `server`. */
  readonly serverName?: string | undefined;
  readonly isTlsUnverified?: boolean;
  /** What connections to an `https:` server go through; none unless set. */
  readonly proxy?: Proxy | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly credential: Credential;
  readonly impersonate?: Impersonation | undefined;
}

/** PEM texts. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Where they were read: they are read again every minute, and at once when the server refuses what they held. */
  readonly files?: { readonly certificate: string; readonly key: string };
}

export type Credential =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  /** A file that is read again every minute, and at once when the server refuses what it held. */
  | { readonly kind: "token-file"; readonly path: string };

export interface Impersonation {
  readonly user: string;
  readonly groups?: readonly string[];
}
