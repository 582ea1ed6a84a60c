import { ToolkitError } from "@plumb/std";

/** A build that the tree itself makes impossible. */
export function invalid(message: string, cause?: unknown): ToolkitError {
  return new ToolkitError("invalid", message, { cause });
}

/** Runs `work`; what it throws gets `prefix` and a colon before its message, as kustomize wraps errors. */
export function within<T>(prefix: string | (() => string), work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw prefixed(typeof prefix === "string" ? prefix : prefix(), thrown);
  }
}

/** The error with `prefix` before its message; anything that is no deliberate error, and a cancellation, stays as it is. */
export function prefixed(prefix: string, thrown: unknown): unknown {
  if (!(thrown instanceof ToolkitError) || thrown.kind === "cancelled") return thrown;
  return new ToolkitError(thrown.kind, `${prefix}: ${thrown.message}`, { cause: thrown, retryAfterMs: thrown.retryAfterMs });
}

/** The message of what was thrown, for errors that quote another. A thrown bug goes on. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof ToolkitError && thrown.kind !== "cancelled" && thrown.kind !== "internal") return thrown.message;
  throw thrown;
}

/** Names the file of a text that is no YAML. */
export function inFile(thrown: unknown, path: string): unknown {
  const message = messageOf(thrown);
  return message.includes("MalformedYAMLError") ? invalid(`${message} in File: ${path}`, thrown) : thrown;
}
