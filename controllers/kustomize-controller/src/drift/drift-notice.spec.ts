import { describe, expect, it } from "vitest";
import type { Drift, FieldChange } from "@plumb/apply";
import { ToolkitError } from "@plumb/std";
import { correctedNotice, detectedNotice, resolvedNotice } from "./drift-notice.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const REVISION = "main@sha1:2";

function change(more: Partial<FieldChange> = {}): FieldChange {
  return {
    pointer: "/spec/replicas",
    field: ".spec.replicas",
    what: "changed",
    desired: 3,
    live: 10,
    isRedacted: false,
    manager: "kubectl-scale",
    since: undefined,
    ...more,
  };
}

function drift(more: Partial<Drift> = {}): Drift {
  const changes = more.changes ?? [change()];
  return {
    id: "abc",
    key: "apps_web_apps_Deployment",
    subject: "Deployment/apps/web",
    what: "changed",
    changes,
    managers: ["kubectl-scale"],
    detectedMs: AT,
    ...more,
  };
}

describe("what is told of drift", () => {
  it("names object, field, values and manager, and how long it lasted", () => {
    expect(correctedNotice(drift(), AT + 42, REVISION)).toEqual({
      severity: "info",
      reason: "DriftCorrected",
      isDurable: true,
      message: "Drift corrected in 42ms: Deployment/apps/web /spec/replicas 3 → 10 (by kubectl-scale)",
      metadata: {
        "kustomize.toolkit.fluxcd.io/revision": REVISION,
        "kustomize.toolkit.fluxcd.io/token": "abc-corrected",
        "kustomize.toolkit.fluxcd.io/drift-id": "abc",
        "kustomize.toolkit.fluxcd.io/drift-object": "Deployment/apps/web",
        "kustomize.toolkit.fluxcd.io/drift-managers": "kubectl-scale",
        "kustomize.toolkit.fluxcd.io/drift-changes": '[{"path":"/spec/replicas","desired":3,"live":10}]',
        "kustomize.toolkit.fluxcd.io/drift-detected-at": "2026-01-02T03:04:05.000Z",
      },
    });
  });

  it("says why it is not corrected, and when it is over", () => {
    expect(detectedNotice(drift(), REVISION, new ToolkitError("denied", "forbidden"))).toMatchObject({
      severity: "error",
      reason: "DriftDetected",
      message: "Drift detected: Deployment/apps/web /spec/replicas 3 → 10 (by kubectl-scale)\nnot corrected: forbidden",
    });
    expect(detectedNotice(drift(), REVISION, undefined).message).not.toContain("not corrected");
    expect(resolvedNotice(drift(), AT + 61_000, REVISION)).toMatchObject({
      severity: "info",
      reason: "DriftResolved",
      message: "Drift resolved after 1m1s: Deployment/apps/web is as it was declared",
    });
  });

  it("has another token for each state, and never a negative time when the clock was set back", () => {
    const notices = [correctedNotice(drift(), AT - 5000, REVISION), detectedNotice(drift(), REVISION, undefined), resolvedNotice(drift(), AT - 5000, REVISION)];
    expect(new Set(notices.map(({ metadata }) => metadata?.["kustomize.toolkit.fluxcd.io/token"])).size).toBe(3);
    expect(notices[0]?.message).toMatch(/corrected in 0s:/);
  });

  it.each<[string, Partial<Drift>, string]>([
    ["a deleted object", { what: "deleted", changes: [], managers: ["unknown"] }, "Deployment/apps/web was deleted"],
    ["one that was created anew", { what: "recreated" }, "Deployment/apps/web was created anew, /spec/replicas 3 → 10 (by kubectl-scale)"],
    ["a removed field", { changes: [change({ what: "removed", live: undefined, manager: "unknown" })] }, "Deployment/apps/web /spec/replicas 3 → (removed)"],
    [
      "a value of a Secret",
      { changes: [change({ pointer: "/data/password", isRedacted: true, desired: undefined, live: undefined })] },
      "Deployment/apps/web /data/password changed (by kubectl-scale)",
    ],
    [
      "a removed value of a Secret",
      { changes: [change({ pointer: "/data/password", what: "removed", isRedacted: true, desired: undefined, live: undefined })] },
      "Deployment/apps/web /data/password removed (by kubectl-scale)",
    ],
    [
      "two fields",
      { changes: [change(), change({ pointer: "/a", desired: { b: 1 }, live: "x" })] },
      'Deployment/apps/web\n- /spec/replicas 3 → 10 (by kubectl-scale)\n- /a {"b":1} → x (by kubectl-scale)',
    ],
  ])("of %s", (_, more, sentence) => {
    expect(detectedNotice(drift(more), REVISION, undefined).message).toBe(`Drift detected: ${sentence}`);
  });

  it("shows no redacted value anywhere", () => {
    const { metadata } = detectedNotice(drift({ changes: [change({ isRedacted: true, desired: "first", live: "second" })] }), REVISION, undefined);
    expect(JSON.stringify(metadata)).not.toMatch(/first|second/);
    expect(metadata?.["kustomize.toolkit.fluxcd.io/drift-changes"]).toBe('[{"path":"/spec/replicas","desired":"changed","live":"changed"}]');
  });

  it("stays short, however much has changed", () => {
    const changes = Array.from({ length: 500 }, (_, index) => change({ pointer: `/data/k${index}`, desired: "x".repeat(10_000), live: "y".repeat(10_000) }));
    const { message } = detectedNotice(drift({ changes }), REVISION, undefined);
    expect(message).toContain("- and 490 more fields");
    expect(message.length).toBeLessThan(5000);
  });
});
