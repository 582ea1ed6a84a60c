import { describe, expect, it } from "vitest";
import { combinedMetadata } from "./event-metadata.ts";
import { sampleAlert, sampleEvent } from "../testing/samples.ts";

const group = "kustomize.toolkit.fluxcd.io";
const combine = (metadata: Record<string, string>, spec: Parameters<typeof sampleAlert>[0] = {}): ReturnType<typeof combinedMetadata> =>
  combinedMetadata(sampleEvent({ metadata }), sampleAlert(spec));

describe("combined metadata (N-015)", () => {
  it("takes annotations, then the Alert's, then its summary, then the controller's, each over the one before", () => {
    const combined = combine(
      { "event.toolkit.fluxcd.io/a": "annotation", "event.toolkit.fluxcd.io/only": "annotation", [`${group}/a`]: "controller", [`${group}/revision`]: "r" },
      { eventMetadata: { a: "alert", summary: "from metadata", env: "prod" }, summary: "from summary" },
    );
    expect(combined.metadata).toEqual({ a: "controller", env: "prod", only: "annotation", revision: "r", summary: "from summary" });
    expect(combined.conflicts).toEqual({
      a: "involved object annotations, Alert object .spec.eventMetadata, involved object controller metadata",
      summary: "Alert object .spec.eventMetadata, Alert object .spec.summary",
    });
  });

  it("knows which values the owner of the Alert wrote", () => {
    expect(
      combine({ [`${group}/revision`]: "r", [`${group}/env`]: "x" }, { eventMetadata: { link: "<https://a|b>", env: "prod" }, summary: "s" }).authored,
    ).toEqual(["link", "summary"]);
  });

  it("stays as it was where nothing results", () => {
    expect(combine({ other: "x" }).metadata).toEqual({ other: "x" });
    expect(combine({}).metadata).toEqual({});
  });

  it("keeps a key that looks like a prototype a key", () => {
    expect(Object.keys(combine({ [`${group}/__proto__`]: "x" }).metadata)).toEqual(["__proto__"]);
  });
});
