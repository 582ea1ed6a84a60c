import type { Draft, DraftValue } from "../draft.ts";

/** Sets the defaults of one Go type. Keys are OpenAPI names without `io.k8s.`. */
export type TypeDefaults = Readonly<Record<string, (value: Draft) => void>>;

/** Sets a member that is absent, null or empty. */
export function fallback(draft: Draft, key: string, value: DraftValue): void {
  const present = draft[key];
  if (present === undefined || present === null || present === "") draft[key] = value;
}
