/**
 * Says that a suite cannot run, and why: a notice for a person, a failure in CI, where everything must run.
 *
 * @throws {Error} with the same words when `CI` is `true`
 */
export function sayNotRun(suite: string, reason: string, env: Readonly<Record<string, string | undefined>>): void {
  const line = `NOT RUN: ${suite}: ${reason}`;
  if (env["CI"] === "true") throw new Error(line);
  console.log(line);
}
