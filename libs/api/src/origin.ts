import { reworded, type ToolkitError } from "@plumb/std";

/** Where a manifest was written. */
export interface Origin {
  /** File below the root of the artifact, with `/` between its parts. */
  readonly path: string;
  /** Line on which its document starts; the first is 1. */
  readonly line: number;
}

/** Ends the message of an error about one manifest with ` (from PATH:LINE)`; what is before it stays word for word. */
export function withOrigin(error: ToolkitError, origin: Origin | undefined): ToolkitError {
  return origin === undefined ? error : reworded(error, (message) => `${message} (from ${origin.path}:${origin.line})`);
}
