import { isObject } from "@plumb/std";
import type { KubeClient } from "./kube-client.ts";

/** The values of a Secret, decoded. Never logged, never part of an error. */
export type SecretData = Readonly<Record<string, string>>;

const SECRETS = { group: "", version: "v1", plural: "secrets" } as const;

/** Reads a Secret live; undefined where there is none. @throws {ToolkitError} as `get` does, never with a value in its message */
export async function readSecretData(client: Pick<KubeClient, "get">, namespace: string, name: string, signal: AbortSignal): Promise<SecretData | undefined> {
  const secret = await client.get({ resource: SECRETS, namespace, name }, { signal });
  if (secret === undefined) return undefined;
  const data = secret["data"];
  if (!isObject(data)) return {};
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString("utf8")]));
}
