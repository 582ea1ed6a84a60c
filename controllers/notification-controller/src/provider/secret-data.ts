import { readSecretData, type KubeClient, type SecretData } from "@plumb/kube";
import { ToolkitError } from "@plumb/std";

/** Reading objects; a KubeClient can. */
export type CanGet = Pick<KubeClient, "get">;

/** Reads a Secret live. @throws {ToolkitError} `missing` when it is not there; never with a value in its message */
export async function readSecret(client: CanGet, namespace: string, name: string, signal: AbortSignal): Promise<SecretData> {
  const data = await readSecretData(client, namespace, name, signal);
  if (data === undefined) throw new ToolkitError("missing", `secrets "${name}" not found`);
  return data;
}
