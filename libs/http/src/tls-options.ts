import { X509Certificate } from "node:crypto";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { ToolkitError } from "@plumb/std";

export interface TlsOptions {
  /** PEM. */
  readonly ca?: string;
  /** Whether `ca` counts beside the well-known authorities or alone (C-031). */
  readonly caMode?: "append" | "alone";
  /** PEM; together with `key` only. */
  readonly certificate?: string;
  readonly key?: string;
  /** The name that the server's certificate must bear, where it is not the host of the URL. */
  readonly serverName?: string;
  /** Leaves the server's certificate unverified; for a user's own kubeconfig that says so. */
  readonly skipsVerification?: boolean;
}

/** @throws {ToolkitError} `invalid`, saying which of CA, certificate and key is wrong */
export function secureContext({ ca, caMode = "append", certificate, key }: TlsOptions): SecureContext {
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ToolkitError("invalid", "tls: a client certificate needs both a certificate and a key");
  }
  if (ca !== undefined) mustHoldCertificates(ca);
  try {
    return createSecureContext({
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca: caMode === "alone" ? [ca] : [...getCACertificates("default"), ca] }),
      ...(certificate === undefined ? {} : { cert: certificate, key }),
    });
  } catch (cause) {
    throw new ToolkitError("invalid", "tls: the client certificate or its key cannot be read, or they do not belong together", { cause });
  }
}

function mustHoldCertificates(ca: string): void {
  const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (cause) {
    throw new ToolkitError("invalid", "tls: the CA holds a certificate that cannot be read", { cause });
  }
  if (blocks.length === 0) throw new ToolkitError("invalid", "tls: the CA holds no certificate in PEM");
}
