import { createHash } from "node:crypto";
import fc from "fast-check";
import { ToolkitError } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { cleaned, duplicateKey, parseEvent, withoutToken } from "./event-intake.ts";
import { sampleEvent } from "../testing/samples.ts";

const json = (change: object): string => JSON.stringify({ ...sampleEvent(), ...change });

describe("a posted body", () => {
  it("that is an event is read as one, unknown fields left out", () => {
    expect(parseEvent(json({ extra: 1 }))).toEqual(sampleEvent());
  });

  it("may come from a controller that leaves out what is empty", () => {
    const { metadata: _, reportingInstance: __, ...event } = sampleEvent();
    expect(parseEvent(JSON.stringify({ ...event, metadata: null }))).toEqual({ ...event, metadata: {} });
  });

  it.each([
    ["the body is not JSON", ""],
    ["the body is not JSON", "hello"],
    ["the body is not JSON", "{"],
    ["the body is not JSON", "[".repeat(200_000)],
    ["the body is not a JSON object", "[]"],
    ["the body is not a JSON object", "null"],
    ["involvedObject is missing", "{}"],
    ["involvedObject.kind is missing", json({ involvedObject: { namespace: "a", name: "b" } })],
    ["involvedObject.namespace is missing", json({ involvedObject: { kind: "A", name: "b" } })],
    ["involvedObject.name is missing", json({ involvedObject: { kind: "A", namespace: "a" } })],
    ["kind is not a string", json({ involvedObject: { kind: 7, namespace: "a", name: "b" } })],
    ["message is not a string", json({ message: 7 })],
    ["a is not a string", json({ metadata: { a: 7 } })],
    ["metadata is not an object", json({ metadata: ["a"] })],
  ])("is refused when %s", (message, body) => {
    expect(() => parseEvent(body)).toThrow(new ToolkitError("invalid", `not an event: ${message}`));
  });

  it("was said for information where its severity says nothing better", () => {
    expect([json({}), json({ severity: "loud" }), json({ severity: null }), json({ severity: "error" })].map((body) => parseEvent(body).severity)).toEqual([
      "info",
      "info",
      "info",
      "error",
    ]);
  });

  it("never ends in anything but an event or a refusal", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (body) => {
          try {
            expect(parseEvent(body).involvedObject.kind).not.toBe("");
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ToolkitError);
          }
        },
      ),
    );
  });
});

describe("metadata", () => {
  it("keeps only the event's group and the object's, without checksum and digest (N-008)", () => {
    const metadata = {
      "event.toolkit.fluxcd.io/cluster": "blue",
      "kustomize.toolkit.fluxcd.io/revision": "r",
      "kustomize.toolkit.fluxcd.io/checksum": "c",
      "kustomize.toolkit.fluxcd.io/Digest": "d",
      "source.toolkit.fluxcd.io/revision": "other",
      bare: "x",
    };
    expect(cleaned(sampleEvent({ metadata })).metadata).toEqual({ "event.toolkit.fluxcd.io/cluster": "blue", "kustomize.toolkit.fluxcd.io/revision": "r" });
  });

  it("loses the token before anybody is told (N-010)", () => {
    const metadata = { "kustomize.toolkit.fluxcd.io/token": "t", "kustomize.toolkit.fluxcd.io/revision": "r" };
    expect(withoutToken(sampleEvent({ metadata })).metadata).toEqual({ "kustomize.toolkit.fluxcd.io/revision": "r" });
  });
});

describe("the key of a duplicate (N-009)", () => {
  it("is the digest of object, message, revisions and token, in that order", () => {
    const group = "kustomize.toolkit.fluxcd.io";
    const event = sampleEvent({ metadata: { [`${group}/token`]: "T", [`${group}/revision`]: "R", [`${group}/originRevision`]: "O" } });
    const text = `event/name=apps/namespace=team/kind=Kustomization/message=${event.message}/originRevision=O/revision=R/token=T`;
    expect(duplicateKey(event)).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("is the same whatever the reason and the severity, and another for another token", () => {
    expect(duplicateKey(sampleEvent({ reason: "A", severity: "error" }))).toBe(duplicateKey(sampleEvent({ reason: "B" })));
    const withToken = (token: string): string => duplicateKey(sampleEvent({ metadata: { "kustomize.toolkit.fluxcd.io/token": token } }));
    expect(withToken("drift-1/detected")).not.toBe(withToken("drift-1/resolved"));
  });
});
