import { createHash } from "node:crypto";
import { canonicalJson, type JsonObject } from "@plumb/std";

/** A short name of a template, the same for the same template. */
export function templateHash(template: JsonObject | undefined): string {
  const digest = createHash("sha256")
    .update(canonicalJson(template ?? {}))
    .digest("hex");
  return Number.parseInt(digest.slice(0, 12), 16).toString(36).slice(0, 10);
}
