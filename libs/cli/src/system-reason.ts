import { getSystemErrorMap } from "node:util";

/** Why the system refused, in its own words, such as `permission denied`; of anything else than a refusal, what it says. */
export function systemReason(thrown: unknown): string {
  const errno = thrown instanceof Error && "errno" in thrown ? Number(thrown.errno) : 0;
  return getSystemErrorMap().get(errno)?.[1] ?? String(thrown);
}
