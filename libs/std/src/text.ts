/** Compares by code unit; `localeCompare` would depend on the machine's locale. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** `text` in at most `maxBytes` bytes of UTF-8, cut between two characters and ending in `...` where it was longer. */
export function shortened(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - "...".length));
  return `${text.slice(0, read)}...`;
}
