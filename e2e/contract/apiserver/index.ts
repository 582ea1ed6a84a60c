export { loadCases, OWN_CASES, RECORDED_CASES, type Case } from "./case.ts";
export type { Target } from "./client.ts";
export type { Difference } from "./compare.ts";
export { replay, type Replay, type ReplayOptions, type StepDifference } from "./replay.ts";
export { arbitraryCase } from "./arbitrary-case.ts";
export { record } from "./record.ts";
export { describeDifferences, playOften, run, type Played, type RunOptions } from "./run.ts";
export { defineCases } from "./suite.ts";
