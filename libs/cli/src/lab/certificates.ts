import { randomBytes } from "node:crypto";
import { generate } from "selfsigned";

/** What one lab's API servers identify themselves with, and what its users do. */
export interface LabIdentity {
  /** PEM texts. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Bearer token of the lab's one user. */
  readonly token: string;
}

const VALID_DAYS = 30;

/** Makes a certificate authority of the lab's own, a certificate for this machine's loopback address, and a token. */
export async function makeIdentity(): Promise<LabIdentity> {
  const notAfterDate = new Date(Date.now() + VALID_DAYS * 24 * 3_600_000);
  const authority = await generate([{ name: "commonName", value: "plumb-lab" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "keyUsage", digitalSignature: true, critical: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { ca: authority.cert, certificate: server.cert, key: server.private, token: randomBytes(24).toString("base64url") };
}

/** A kubeconfig as JSON, which kubectl reads as well as YAML. */
export function kubeconfigText(server: string, { ca, token }: LabIdentity, namespace: string): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "plumb-lab",
      clusters: [{ name: "plumb-lab", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
      users: [{ name: "plumb-lab", user: { token } }],
      contexts: [{ name: "plumb-lab", context: { cluster: "plumb-lab", user: "plumb-lab", namespace } }],
    },
    undefined,
    2,
  )}\n`;
}
