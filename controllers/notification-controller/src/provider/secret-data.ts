import type { KubeClient, ResourceName } from "@plumb/kube";
import { isObject, ToolkitError } from "@plumb/std";

/** The values of a Secret, decoded. */
export type SecretData = Readonly<Record<string, string>>;

/** Reading objects; a KubeClient can. */
export type CanGet = Pick<KubeClient, "get">;

const SECRETS: ResourceName = { group: "", version: "v1", plural: "secrets" };

/** Reads a Secret live. @throws {ToolkitError} `missing` when it is not there; never with a value in its message */
export async function readSecret(client: CanGet, namespace: string, name: string, signal: AbortSignal): Promise<SecretData> {
  const secret = await client.get({ resource: SECRETS, namespace, name }, { signal });
  if (secret === undefined) throw new ToolkitError("missing", `secrets "${name}" not found`);
  const data = secret["data"];
  if (!isObject(data)) return {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]));
}
