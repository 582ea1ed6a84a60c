import { ManualClock } from "@plumb/events/testing";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Schedule } from "./schedule.ts";

describe("Schedule", () => {
  let clock: ManualClock;
  let due: string[];
  let schedule: Schedule;
  beforeEach(() => {
    clock = new ManualClock();
    due = [];
    schedule = new Schedule(clock, (key) => due.push(key));
  });

  it("calls each key when it is due, and then forgets it", () => {
    schedule.set("late", 20);
    schedule.set("soon", 10);
    clock.advance(19);
    expect([due, schedule.size]).toEqual([["soon"], 1]);
    clock.advance(1);
    expect([due, schedule.size, clock.pending]).toEqual([["soon", "late"], 0, 0]);
  });
  it("may be set again from within the call, so that a due key can ask for its next time", () => {
    const again = new Schedule(clock, (key) => {
      due.push(key);
      if (due.length < 3) again.set(key, 5);
    });
    again.set("a", 5);
    clock.advance(100);
    expect([due, again.size]).toEqual([["a", "a", "a"], 0]);
  });
  it("keeps the last time of a key and leaks no timer, whatever is set, cancelled and cleared", () => {
    const anyStep = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), key: fc.constantFrom("a", "b", "c"), delayMs: fc.nat(50) }),
      fc.record({ kind: fc.constant("cancel" as const), key: fc.constantFrom("a", "b", "c") }),
      fc.record({ kind: fc.constant("advance" as const), ms: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const ticking = new ManualClock();
        const called: string[] = [];
        const subject = new Schedule(ticking, (key) => called.push(`${key}@${ticking.nowMs()}`));
        const expected = new Map<string, number>();
        const wanted: string[] = [];
        for (const step of steps) {
          if (step.kind === "set") {
            subject.set(step.key, step.delayMs);
            expected.set(step.key, ticking.nowMs() + step.delayMs);
          } else if (step.kind === "cancel") {
            subject.cancel(step.key);
            expected.delete(step.key);
          } else {
            const untilMs = ticking.nowMs() + step.ms;
            for (const [key, atMs] of expected) {
              if (atMs > untilMs) continue;
              wanted.push(`${key}@${atMs}`);
              expected.delete(key);
            }
            ticking.advance(step.ms);
          }
          expect([subject.size, ticking.pending]).toEqual([expected.size, expected.size]);
        }
        expect([...called].sort()).toEqual([...wanted].sort());
        subject.clear();
        expect([subject.size, ticking.pending]).toEqual([0, 0]);
      }),
    );
  });
});
