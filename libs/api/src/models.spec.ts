import { Model } from "@kubernetes-models/base";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Artifact } from "./artifact.ts";
import type { Condition } from "./condition.ts";
import type { FromSchema } from "./json-schema.ts";
import type { GitRepositoryStatus } from "./kinds/git-repository.ts";
import { GitRepository, Kustomization } from "./models.ts";
import { SHARED_SCHEMAS } from "./shared-schemas.ts";

const repository = new GitRepository({
  metadata: { name: "podinfo", namespace: "apps" },
  spec: { interval: "1m", url: "https://github.com/stefanprodan/podinfo", ref: { branch: "main" } },
});

describe("a model", () => {
  it("writes itself as the object it stands for", () => {
    expect(JSON.parse(JSON.stringify(repository))).toEqual({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "podinfo", namespace: "apps" },
      spec: { interval: "1m", url: "https://github.com/stefanprodan/podinfo", ref: { branch: "main" } },
    });
  });

  it("is a Model, so that what takes those takes it", () => {
    expect(repository).toBeInstanceOf(Model);
    expect(repository).toBeInstanceOf(GitRepository);
    expect(GitRepository.name).toBe("GitRepository");
  });

  it("knows its own kind from another's", () => {
    expect(GitRepository.is(repository)).toBe(true);
    expect(Kustomization.is(repository)).toBe(false);
    expect(GitRepository.is({ apiVersion: "source.toolkit.fluxcd.io/v1beta2", kind: "GitRepository" })).toBe(false);
    expect(GitRepository.is(undefined)).toBe(false);
  });

  it("does not take a spec that lacks what the kind requires", () => {
    // @ts-expect-error url is missing
    expect(new GitRepository({ metadata: { name: "a" }, spec: { interval: "1m" } }).spec).toEqual({ interval: "1m" });
  });
});

describe("a type derived from a schema", () => {
  it("names what is optional, what is required and what values there are", () => {
    expectTypeOf<GitRepositoryStatus["artifact"]>().toEqualTypeOf<Artifact | undefined>();
    expectTypeOf<FromSchema<{ type: "string"; enum: readonly ["a", "b"] }>>().toEqualTypeOf<"a" | "b">();
  });

  it("holds the documented interfaces to the shared schemas", () => {
    const condition = { type: "", status: "", reason: "", message: "", observedGeneration: 0, lastTransitionTime: "" } satisfies Record<
      keyof Condition,
      unknown
    >;
    const artifact = { path: "", url: "", revision: "", digest: "", lastUpdateTime: "", size: 0, metadata: {} } satisfies Record<keyof Artifact, unknown>;
    expect(Object.keys(SHARED_SCHEMAS.Condition.properties).sort()).toEqual(Object.keys(condition).sort());
    expect(Object.keys(SHARED_SCHEMAS.Artifact.properties).sort()).toEqual(Object.keys(artifact).sort());
  });
});
