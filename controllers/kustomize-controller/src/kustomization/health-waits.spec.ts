import { ManualClock } from "@plumb/events/testing";
import { expect, it } from "vitest";
import { HealthWaits } from "./health-waits.ts";

it("counts a wait from its beginning, a revision anew, and not at all once it has ended", () => {
  const clock = new ManualClock();
  const waits = new HealthWaits(clock);
  expect([waits.isWaiting("a", "1"), waits.waitedMs("a")]).toEqual([false, 0]);
  waits.begin("a", "1");
  clock.advance(1000);
  waits.begin("a", "1");
  expect([waits.isWaiting("a", "1"), waits.waitedMs("a")]).toEqual([true, 1000]);
  waits.begin("a", "2");
  expect([waits.isWaiting("a", "1"), waits.waitedMs("a")]).toEqual([false, 0]);
  waits.end("a");
  expect(waits.isWaiting("a", "2")).toBe(false);
});

it.each([-86_400_000, 86_400_000])("gives up nothing early and waits no longer when the wall clock is set by %d ms", (aheadMs) => {
  const clock = new ManualClock();
  const waits = new HealthWaits(clock);
  waits.begin("a", "1");
  clock.set(aheadMs);
  clock.advance(1000);
  expect(waits.waitedMs("a")).toBe(1000);
});
