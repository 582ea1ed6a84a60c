import { getSystemErrorMap } from "node:util";

/** Why the system refused, in its own words, such as `permission denied`; of anything else than a refusal, what it says. */
export function systemReason(thrown: unknown): string {
  if (!(thrown instanceof Error && "errno" in thrown)) return String(thrown);
  const [code, reason] = getSystemErrorMap().get(Number(thrown.errno)) ?? [];
  return code === "EISDIR" ? "is a directory" : (reason ?? String(thrown)); // libuv alone calls that an illegal operation
}
