import { describe, expect, it } from "vitest";
import { withHistory, type HistoryEntry, type Snapshot } from "./history.ts";

const at = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second);
const entry = (digest: string, reason: string, second: number): HistoryEntry => ({
  digest,
  reason,
  metadata: { revision: digest },
  startedMs: at(second) - 1500,
  endedMs: at(second),
});

describe("the history of a Kustomization", () => {
  it("begins with the first run", () => {
    expect(withHistory([], entry("a", "ReconciliationSucceeded", 1))).toEqual([
      {
        digest: "a",
        firstReconciled: "2026-01-01T00:00:01Z",
        lastReconciled: "2026-01-01T00:00:01Z",
        lastReconciledDuration: "1.5s",
        lastReconciledStatus: "ReconciliationSucceeded",
        totalReconciliations: 1,
        metadata: { revision: "a" },
      },
    ]);
  });
  it("counts the same digest with the same end, and moves it to the front", () => {
    const two = withHistory(withHistory([], entry("a", "S", 1)), entry("b", "S", 2));
    expect(
      withHistory(two, entry("a", "S", 3)).map(({ digest, totalReconciliations, firstReconciled }) => [digest, totalReconciliations, firstReconciled]),
    ).toEqual([
      ["a", 2, "2026-01-01T00:00:01Z"],
      ["b", 1, "2026-01-01T00:00:02Z"],
    ]);
  });
  it("keeps a failure of the same digest apart", () => {
    expect(withHistory(withHistory([], entry("a", "S", 1)), entry("a", "HealthCheckFailed", 2))).toHaveLength(2);
  });
  it("keeps five", () => {
    const history = ["a", "b", "c", "d", "e", "f", "g"].reduce<readonly Snapshot[]>((all, digest, index) => withHistory(all, entry(digest, "S", index)), []);
    expect(history.map(({ digest }) => digest)).toEqual(["g", "f", "e", "d", "c"]);
  });
});
