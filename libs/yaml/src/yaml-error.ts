import { ToolkitError } from "@plumb/std";

/** A refusal with its place behind it: `yaml: line 3: did not find expected key (a.yaml:4:7)`. */
export function placedError(message: string, path: string | undefined, line: number, column?: number): ToolkitError {
  const place = column === undefined ? `${line}` : `${line}:${column}`;
  return new ToolkitError("invalid", `${message} (${path ?? "text"}:${place})`);
}

/** A refusal in go-yaml's words that names a line. */
export function yamlError(reason: string, path: string | undefined, line: number): ToolkitError {
  return placedError(`yaml: line ${line}: ${reason}`, path, line);
}

/** A document that costs more than it may. @param what what it does too much, such as `has more than 3 objects (limit maxObjects)` */
export function limitError(what: string, path: string | undefined, line: number): ToolkitError {
  return yamlError(`document ${what}`, path, line);
}
