/** Compares by code unit; `localeCompare` would depend on the machine's locale. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
