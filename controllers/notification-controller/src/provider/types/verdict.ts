import type { Verdict } from "./provider-type.ts";

/** Statuses that ask for another try; all of 5xx do besides. 408, 425 and 429 of RFC 9110, 8470 and 6585. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);
/** Statuses that a credential or an address gives rise to, which people may be about to set right; all of 3xx do besides. */
const MISCONFIGURED: ReadonlySet<number> = new Set([401, 403, 404, 407]);
/** Of an answer, no more than this is ever repeated: it may come from somewhere it should not. */
const MAX_SHOWN = 256;

/** What a status says where the type knows nothing better: any 2xx is taken (N-019). Pure. */
export function verdictOfStatus(status: number, body: string): Verdict {
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  const message = `request failed with status code ${status}${shown(body)}`;
  if (status >= 500 || LATER.has(status)) return { kind: "later", message };
  return { kind: MISCONFIGURED.has(status) || (status >= 300 && status <= 399) ? "misconfigured" : "refused", message };
}

function shown(body: string): string {
  const text = body
    .slice(0, MAX_SHOWN)
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim();
  return text === "" ? "" : `: ${text}`;
}
