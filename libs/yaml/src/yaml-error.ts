import { ToolkitError } from "@plumb/std";

/** A refusal in go-yaml's words, with the place: `yaml: line 3: did not find expected key (a.yaml:3:7)`. */
export function yamlError(reason: string, path: string | undefined, line: number, column?: number): ToolkitError {
  const place = column === undefined ? `${line}` : `${line}:${column}`;
  return new ToolkitError("invalid", `yaml: line ${line}: ${reason} (${path ?? "text"}:${place})`);
}
