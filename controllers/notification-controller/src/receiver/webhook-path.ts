import { createHash } from "node:crypto";
import type { Receiver } from "@plumb/api";

/** N-004: `/hook/` and the hex SHA-256 of token, name and namespace. A new token is a new path; nothing else changes it. */
export function webhookPath(token: string, { metadata: { name, namespace = "" } }: Pick<Receiver, "metadata">): string {
  return `/hook/${createHash("sha256")
    .update(token + name + namespace)
    .digest("hex")}`;
}
