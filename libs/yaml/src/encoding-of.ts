type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/** The encoding of a text, by its byte order mark as libyaml tells; UTF-8 when there is none. */
export function encodingOf([first, second]: Uint8Array): Encoding {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
