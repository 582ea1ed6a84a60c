/** Splits at `delimiter`, except where a backslash stands before it; an empty first part is dropped. */
export function splitPath(path: string, delimiter: string): readonly string[] {
  let parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === "") parts = parts.slice(1);
  const result = [parts[0] ?? ""];
  for (const part of parts.slice(1)) {
    const last = result.at(-1) ?? "";
    if (last.endsWith("\\")) result[result.length - 1] = `${last.slice(0, -1)}${delimiter}${part}`;
    else result.push(part);
  }
  return result;
}

/** As `splitPath`, but what stands in brackets stays whole; brackets around something without `=` are taken off. */
export function splitBracketedPath(path: string, delimiter: string): readonly string[] {
  const parts = splitPath(path, delimiter);
  const result: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? "";
    if (!part.startsWith("[") || part.endsWith("]")) {
      result.push(part);
      continue;
    }
    const bracketed = [part];
    while (i < parts.length - 1) {
      const next = parts[++i] ?? "";
      bracketed.push(next);
      if (next.endsWith("]")) break;
    }
    const joined = bracketed.join(delimiter);
    result.push(joined.includes("=") ? joined : joined.replace(/^[[\]]+|[[\]]+$/g, ""));
  }
  return result;
}
