import { describe, expect, it } from "vitest";
import { sleep, withDeadline } from "./abort.ts";

const never = new AbortController().signal;

describe("withDeadline", () => {
  it("names the limit and returns only when the work has stopped", async () => {
    let stopped = false;
    const work = withDeadline(20, never, async (signal) => {
      try {
        await sleep(10_000, signal);
      } finally {
        stopped = true;
      }
    });
    await expect(work).rejects.toMatchObject({ kind: "unavailable", message: "no answer within 20 ms" });
    expect(stopped).toBe(true);
  });
  it("lets the parent's abort through as it is", async () => {
    const parent = new AbortController();
    const work = withDeadline(10_000, parent.signal, (signal) => sleep(10_000, signal));
    parent.abort();
    await expect(work).rejects.toMatchObject({ kind: "cancelled" });
  });
});
