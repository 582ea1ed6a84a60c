import { EmptyRepositoryError } from "@plumb/git";
import { reworded, ToolkitError, toToolkitError } from "@plumb/std";

/** Reasons of a GitRepository's failures (spec/flux-core 1.3). */
export type GitReason = "AuthenticationFailed" | "InvalidProviderConfiguration" | "EmptyGitRepository" | "GitOperationFailed" | "ArchiveOperationFailed";

/** A failure that was named where it happened. Plain errors of a fetch are named by `fetchFailure`. */
export class StepError extends ToolkitError {
  readonly reason: GitReason;

  constructor(reason: GitReason, { kind, message, retryAfterMs }: ToolkitError, cause: unknown) {
    super(kind, message, { cause, retryAfterMs });
    this.reason = reason;
  }
}

/** Names what `work` throws; a name given further in stays. */
export async function inStep<Value>(reason: GitReason, work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof StepError ? thrown : new StepError(reason, toToolkitError(thrown), thrown);
  }
}

/** The reason and the words of a failed fetch, as Flux has them. */
export function fetchFailure(thrown: unknown): StepError {
  const error = toToolkitError(thrown);
  if (error instanceof StepError) return error;
  if (error instanceof EmptyRepositoryError) return new StepError("EmptyGitRepository", error, thrown);
  return new StepError(
    "GitOperationFailed",
    reworded(error, (message) => `failed to checkout and determine revision: ${message}`),
    thrown,
  );
}

/** The reason and the words of an artifact that could not be written. */
export function archiveFailure(thrown: unknown): StepError {
  return new StepError(
    "ArchiveOperationFailed",
    reworded(thrown, (message) => `unable to archive artifact to storage: ${message}`),
    thrown,
  );
}
