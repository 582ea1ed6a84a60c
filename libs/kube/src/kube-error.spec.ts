import { existsSync, readFileSync } from "node:fs";
import { isObject, parseJson, stringifyJson, ToolkitError, type ErrorKind, type JsonObject } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAbsentObject, isForbidden, isUnauthenticated, kubeDetails, kubeError, watchError } from "./kube-error.ts";
import { statusBody } from "./testing/index.ts";

const answer = (code: number, reason: string, message: string, details: Readonly<Record<string, unknown>> = {}) => ({
  status: code,
  body: JSON.stringify(statusBody(code, reason, message, details)),
});
const cause = (reason: string, field = "", message = "") => ({ causes: [{ reason, field, message }] });

describe("what a refusal means", () => {
  const cases: readonly (readonly [says: string, failure: ReturnType<typeof answer>, kind: ErrorKind])[] = [
    ["a request that cannot be read", answer(400, "BadRequest", "metadata.managedFields must be nil"), "invalid"],
    ["unknown credentials", answer(401, "Unauthorized", "Unauthorized"), "denied"],
    ["a role that is not granted", answer(403, "Forbidden", 'secrets is forbidden: User "x" cannot list resource "secrets"'), "denied"],
    [
      "a namespace that is going",
      answer(
        403,
        "Forbidden",
        'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated',
        cause("NamespaceTerminating", "metadata.namespace"),
      ),
      "missing",
    ],
    [
      "a definition that is going",
      answer(403, "Forbidden", 'widgets.example.com "b" is forbidden: create not allowed while custom resource definition is terminating'),
      "missing",
    ],
    ["an absent object", answer(404, "NotFound", 'secrets "absent" not found', { name: "absent", kind: "secrets" }), "missing"],
    ["an absent namespace", answer(404, "NotFound", 'namespaces "absent" not found', { name: "absent", kind: "namespaces" }), "missing"],
    ["a verb that is not served", answer(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"), "invalid"],
    ["a changed object", answer(409, "Conflict", 'Operation cannot be fulfilled on configmaps "a": the object has been modified'), "conflict"],
    ["a name that is taken", answer(409, "AlreadyExists", 'configmaps "a" already exists'), "conflict"],
    ["a version that is forgotten", answer(410, "Expired", "too old resource version: 1 (2)"), "conflict"],
    ["a body that is too large", answer(413, "RequestEntityTooLarge", "limit is 3145728"), "invalid"],
    ["an object that breaks its schema", answer(422, "Invalid", "spec.replicas: Invalid value: -1", cause("FieldValueInvalid", "spec.replicas")), "invalid"],
    ["an object that was re-created", answer(422, "Invalid", 'ConfigMap "a" is invalid', cause("FieldValueInvalid", "metadata.uid")), "conflict"],
    ["too many requests", answer(429, "TooManyRequests", "please try again later"), "throttled"],
    [
      "an unknown field in an apply",
      answer(500, "", "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .colour: field not declared in schema"),
      "invalid",
    ],
    ["a malformed version", answer(500, "", 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'), "invalid"],
    ["a version in an object to be created", answer(500, "", "resourceVersion should not be set on objects to be created"), "invalid"],
    ["a store that is away", answer(500, "InternalError", "etcdserver: leader changed"), "unavailable"],
    ["a server that starts", answer(503, "ServiceUnavailable", "the server is currently unable to handle the request"), "unavailable"],
    [
      "a version from the future",
      answer(504, "Timeout", "Timeout: Too large resource version: 999999999, current: 5", cause("ResourceVersionTooLarge")),
      "conflict",
    ],
    ["a request that took too long", answer(504, "Timeout", "request did not complete within the allotted timeout"), "unavailable"],
  ];
  it.each(cases)("%s", (_, failure, kind) => {
    const error = kubeError(failure);
    expect([error.kind, error.message]).toEqual([kind, (parseJson(failure.body) as JsonObject)["message"]]);
  });

  it("is the same when it comes as an event of a watch", () => {
    expect(watchError(parseJson(answer(410, "Expired", "too old").body) as JsonObject)).toMatchObject({ kind: "conflict", message: "too old" });
    expect(watchError({})).toMatchObject({ kind: "invalid", message: "the server answered 0" });
  });

  it("carries a time to wait only where waiting helps, from the header or else from the body", () => {
    expect(kubeError({ ...answer(429, "TooManyRequests", "x", { retryAfterSeconds: 3 }), retryAfterMs: 2_000 }).retryAfterMs).toBe(2_000);
    expect(kubeError(answer(503, "ServiceUnavailable", "x", { retryAfterSeconds: 3 })).retryAfterMs).toBe(3_000);
    expect(kubeError({ ...answer(409, "Conflict", "x"), retryAfterMs: 2_000 }).retryAfterMs).toBeUndefined();
  });

  it("is an absent object only where that object is what is absent", () => {
    const error = kubeError(answer(404, "NotFound", 'namespaces "apps" not found', { name: "apps", kind: "namespaces" }));
    expect([isAbsentObject(error, "apps"), isAbsentObject(error, "other")]).toEqual([true, false]);
    expect(isAbsentObject(kubeError({ status: 404, body: "404 page not found\n" }), "")).toBe(false);
  });

  it.each<[string, ToolkitError, isForbidden: boolean, isUnauthenticated: boolean]>([
    ["a role that is not granted", kubeError(answer(403, "Forbidden", "secrets is forbidden")), true, false],
    ["a page of a proxy that forbids", kubeError({ status: 403, body: "<h1>no</h1>" }), true, false],
    ["a token that was revoked", kubeError(answer(401, "Unauthorized", "Unauthorized")), false, true],
    ["a page of a proxy that asks to sign in", kubeError({ status: 401, body: "<h1>who?</h1>" }), false, true],
    ["a token that was revoked while a watch stood", watchError({ code: 401, message: "token expired" }), false, true],
    ["a token that was revoked, told further up", new ToolkitError("denied", "no token", { cause: kubeError({ status: 401, body: "" }) }), false, true],
    ["an absent object", kubeError(answer(404, "NotFound", "not found")), false, false],
    ["a certificate that is not trusted", new ToolkitError("denied", "self-signed certificate"), false, false],
  ])("tells rights from credentials: %s", (_, error, forbidden, unauthenticated) => {
    expect([isForbidden(error), isUnauthenticated(error)]).toEqual([forbidden, unauthenticated]);
  });

  it("never fails itself, whatever the body is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 599 }),
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => stringifyJson({ kind: "Status", ...value })),
        ),
        (status, body) => {
          const error = kubeError({ status, body });
          expect(error.message.length).toBeGreaterThan(0);
          expect(kubeDetails(error)).toBe(error.details);
        },
      ),
    );
  });
});

const RECORDED = ["apply", "patch", "write", "list", "watch", "crd", "discovery", "lifecycle"].map((topic) => `../shared/conformance/apiserver/${topic}.json`);

describe.skipIf(!RECORDED.every((path) => existsSync(path)))("refusals recorded from kube-apiserver", () => {
  const refusals = RECORDED.filter((path) => existsSync(path)).flatMap((path) => refusalsIn(readFileSync(path, "utf8")));

  it("are there", () => {
    expect(refusals.length).toBeGreaterThan(150);
  });

  it("are outages only where the server itself is at fault", () => {
    const outages = refusals.filter(({ status, body }) => kubeError({ status, body }).kind === "unavailable");
    expect(new Set(outages.map(({ message }) => message))).toEqual(
      new Set(['Internal error occurred: the spec replicas field ".spec.replicas" does not exist']),
    );
  });

  it("keep their reason, and their message where one was recorded", () => {
    for (const { status, body, message, reason } of refusals) {
      const error = kubeError({ status, body });
      expect(error.details.reason).toBe(reason);
      if (message !== undefined) expect(error.message).toBe(message);
    }
  });
});

if (!RECORDED.every((path) => existsSync(path))) console.log("NOT RUN: recorded refusals: ../shared/conformance/apiserver is not there");

interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly reason: string;
  readonly message: string | undefined;
}

function refusalsIn(text: string): readonly Refusal[] {
  const document = parseJson(text);
  const cases = isObject(document) && Array.isArray(document["cases"]) ? document["cases"].filter(isObject) : [];
  return cases
    .flatMap((one) => (Array.isArray(one["steps"]) ? one["steps"].filter(isObject) : []))
    .flatMap(({ response }) => {
      if (
        !isObject(response) ||
        typeof response["status"] !== "number" ||
        response["status"] < 400 ||
        !isObject(response["body"]) ||
        response["body"]["kind"] !== "Status"
      )
        return [];
      const { status, body } = response;
      const message = typeof response["message"] === "string" ? response["message"] : undefined;
      return [
        {
          status,
          body: stringifyJson({ ...body, ...(message === undefined ? {} : { message }) }),
          reason: typeof body["reason"] === "string" ? body["reason"] : "",
          message,
        },
      ];
    });
}
