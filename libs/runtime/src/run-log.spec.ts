import { ToolkitError, type Fields, type Log } from "@plumb/std";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./outcome.ts";
import { logRun, type RunEnd } from "./run-log.ts";

function logged(outcome: Outcome, end: Partial<RunEnd> = {}): readonly unknown[] {
  const lines: unknown[] = [];
  const at =
    (level: string) =>
    (message: string, fields?: Fields): void =>
      void lines.push([level, message, fields]);
  const log: Log = { debug: at("debug"), info: at("info"), error: at("error"), with: () => log };
  logRun(log, { name: "apps" }, outcome, { durationMs: 12.4, nextInMs: 5000.6, isSilent: false, notices: [], ...end });
  return lines;
}

const failed = (error: ToolkitError): Outcome => ({ kind: "failed", reason: "BuildFailed", error });
const settled: Outcome = { kind: "settled", reason: "ReconciliationSucceeded", message: "Applied revision: main@sha1:1", nextInMs: 1 };

const NOTICE = { severity: "info", reason: "NewArtifact", message: "stored", metadata: { "source.toolkit.fluxcd.io/revision": "main@sha1:1" } } as const;

describe("a run's line in the log", () => {
  it("is an error for a failure, and says why and when it is tried again", () => {
    expect(logged(failed(new ToolkitError("invalid", "kustomize build failed")))).toEqual([
      [
        "error",
        "reconcile failed",
        { name: "apps", outcome: "failed", reason: "BuildFailed", durationMs: 12, nextInMs: 5001, error: "kustomize build failed" },
      ],
    ]);
  });
  it("is an error for a standstill, which nothing but a change ends", () => {
    const outcome: Outcome = { kind: "stalled", reason: "FeatureNotSupported", message: "spec.verify is not supported" };
    expect(logged(outcome, { nextInMs: undefined })).toEqual([
      [
        "error",
        "reconcile stalled, it waits for a change of the object",
        { name: "apps", outcome: "stalled", reason: "FeatureNotSupported", durationMs: 12, error: "spec.verify is not supported" },
      ],
    ]);
  });
  it.each<readonly [string, Outcome, Partial<RunEnd>, string]>([
    ["what people are told of is information", settled, { notices: [NOTICE] }, "info"],
    ["a run that finds all as it should be is for debugging", settled, { notices: [{ ...NOTICE, isQuiet: true }] }, "debug"],
    ["a first conflict is for debugging", failed(new ToolkitError("conflict", "somebody wrote first")), { isSilent: true }, "debug"],
  ])("%s", (_, outcome, end, level) => {
    expect(logged(outcome, end)).toEqual([[level, expect.any(String), expect.objectContaining({ name: "apps" })]]);
  });
  it("names the revision, and not the message, which may hold a secret path", () => {
    const outcome: Outcome = { kind: "settled", reason: "Succeeded", message: "Receiver initialized for path: /hook/s3cret", nextInMs: 1 };
    const lines = logged(outcome, { notices: [NOTICE] });
    expect(lines).toEqual([["info", "reconciled", expect.objectContaining({ revision: "main@sha1:1" })]]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });
  it("is not there for a run that was told to stop", () => {
    expect(logged(failed(new ToolkitError("cancelled", "stopped")))).toEqual([]);
  });
  it("shows where a bug is, and the stack of nothing else", () => {
    const bug = new ToolkitError("internal", "x is not a function", { cause: new TypeError("x is not a function") });
    expect(logged(failed(bug))).toEqual([["error", "reconcile failed", expect.objectContaining({ stack: expect.stringContaining("run-log.spec.ts") })]]);
  });
});
