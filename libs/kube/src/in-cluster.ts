import { join } from "node:path";
import { ToolkitError } from "@plumb/std";
import type { KubeconfigAccess } from "./kubeconfig.ts";
import { readLocalFile } from "./local-file.ts";

/** Where the kubelet puts a Pod's service account. */
const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface InClusterOptions {
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. */
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly folder?: string;
}

/**
 * How a Pod reaches its own API server; the token is read again from its file.
 *
 * @throws {ToolkitError} `missing` outside of a Pod
 */
export async function inClusterAccess({ host, port, folder = SERVICE_ACCOUNT_FOLDER }: InClusterOptions): Promise<KubeconfigAccess> {
  if (host === undefined || host === "" || port === undefined || port === "") {
    throw new ToolkitError("missing", "no cluster: neither a kubeconfig nor KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT");
  }
  const address = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(address)) throw new ToolkitError("invalid", `KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT: "${host}" and "${port}" make no address`);
  const token = join(folder, "token");
  await readLocalFile("service account token", token);
  const namespace = (await readLocalFile("service account namespace", join(folder, "namespace"))).trim();
  return {
    access: {
      server: new URL(address),
      ca: await readLocalFile("service account certificate authority", join(folder, "ca.crt")),
      credential: { kind: "token-file", path: token },
    },
    namespace,
  };
}
