import { ToolkitError } from "../error.ts";

/** What `work` was rejected with. @throws {Error} where it was not, or with anything but a ToolkitError */
export async function failureOf(work: Promise<unknown>): Promise<ToolkitError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof ToolkitError) return thrown;
  throw new Error(`expected a ToolkitError, got ${String(thrown)}`);
}
