import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { reworded, ToolkitError, toToolkitError } from "./error.ts";

describe("whatever was thrown", () => {
  it("stays as it is where it is of the toolkit", () => {
    const error = new ToolkitError("corrupt", "digest does not match");
    expect(toToolkitError(error)).toBe(error);
  });

  it.each<[string, unknown, string]>([
    ["an error", new TypeError("x is not a function"), "x is not a function"],
    ["a text", "out of order", "out of order"],
    ["nothing", undefined, "undefined"],
  ])("and is %s is a bug, which stays visible as the cause", (_, thrown, message) => {
    expect(toToolkitError(thrown)).toMatchObject({ kind: "internal", message, cause: thrown });
  });

  it("is told to stop or out of time, however Node puts it", async () => {
    const thrownBy = (signal: AbortSignal): Promise<ToolkitError> =>
      delay(10_000, undefined, { signal }).then(() => expect.fail("not stopped"), toToolkitError);
    expect(toToolkitError(new DOMException("m", "TimeoutError"))).toMatchObject({ kind: "unavailable" });
    expect(toToolkitError(new DOMException("m", "AbortError"))).toMatchObject({ kind: "cancelled" });
    expect(await thrownBy(AbortSignal.timeout(1))).toMatchObject({ kind: "unavailable" });
    expect(await thrownBy(AbortSignal.abort())).toMatchObject({ kind: "cancelled" });
  });
});

describe("a failure in other words", () => {
  it("is of the same kind, and waits for as long as the other side asked", () => {
    const error = new ToolkitError("throttled", "slow down", { retryAfterMs: 7000 });
    expect(reworded(error, (message) => `Secret a/b: ${message}`)).toMatchObject({
      kind: "throttled",
      message: "Secret a/b: slow down",
      retryAfterMs: 7000,
      cause: error,
    });
  });

  it("loses no bug", () => {
    const bug = new TypeError("x is not a function");
    expect(reworded(bug, (message) => `building: ${message}`)).toMatchObject({ kind: "internal", message: "building: x is not a function", cause: bug });
  });
});
