import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@plumb/std";
import { afterAll, describe, expect, it } from "vitest";
import { currentContext, execStanza, type ExecStanza } from "./exec-stanza.ts";

const folder = mkdtempSync(join(tmpdir(), "plumb-stanza-"));
afterAll(() => rmSync(folder, { recursive: true }));

const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "aws", interactiveMode: "Never" };
const config = (user: JsonObject, cluster: JsonObject = {}): JsonObject => ({
  "current-context": "dev",
  contexts: [{ name: "dev", context: { cluster: "c", user: "eks" } }],
  clusters: [{ name: "c", cluster: { server: "https://10.0.0.1", ...cluster } }],
  users: [
    { name: "another", user: {} },
    { name: "eks", user },
  ],
});

function stanza(user: JsonObject, cluster?: JsonObject): ExecStanza | undefined {
  const current = currentContext(config(user, cluster));
  if (current === undefined) throw new Error("no current context");
  return execStanza(current, "config", folder);
}

describe("the program that a kubeconfig's user signs in by", () => {
  it("is read with its arguments, its environment and what to do where it is missing", () => {
    const env = [{ name: "AWS_PROFILE", value: "prod" }];
    expect(stanza({ exec: { ...exec, args: ["eks", "get-token"], env, installHint: "\u001b[31mInstall\u001b[0m it:\n  brew install aws\u0007\n" } })).toEqual({
      subject: 'kubeconfig config: user "eks"',
      apiVersion: "client.authentication.k8s.io/v1",
      command: "aws",
      args: ["eks", "get-token"],
      env: { AWS_PROFILE: "prod" },
      installHint: "Install it:\n  brew install aws",
      interactiveMode: "Never",
      cluster: undefined,
    });
  });
  it("lies beside the kubeconfig when its path is relative", () => {
    expect(stanza({ exec: { ...exec, command: "./bin/sign-in" } })?.command).toBe(join(folder, "bin", "sign-in"));
  });
  it("may ask questions in v1beta1 where nothing says otherwise", () => {
    expect(stanza({ exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "az", args: null, env: null } })?.interactiveMode).toBe("IfAvailable");
  });
  it("is told of the cluster where it asks for that, with the authority's file read and the cluster's own words for it", () => {
    writeFileSync(join(folder, "ca.crt"), "PEM");
    const cluster = {
      "certificate-authority": "ca.crt",
      "tls-server-name": "api",
      "insecure-skip-tls-verify": null,
      extensions: [
        { name: "another", extension: {} },
        { name: "client.authentication.k8s.io/exec", extension: { audience: "a" } },
      ],
    };
    expect(stanza({ exec: { ...exec, provideClusterInfo: true } }, cluster)?.cluster).toEqual({
      server: "https://10.0.0.1",
      "tls-server-name": "api",
      "certificate-authority-data": "UEVN",
      config: { audience: "a" },
    });
  });
  it.each<readonly [string, JsonObject]>([
    ["a token", { token: "t", exec }],
    ["a token's file", { tokenFile: "t", exec }],
    ["a client certificate", { "client-certificate-data": "abc", exec }],
    ["nothing at all", {}],
  ])("is none beside %s", (_, user) => {
    expect(stanza(user)).toBeUndefined();
  });
  it.each<readonly [string, JsonObject, string]>([
    [
      "a provider that is no more",
      { "auth-provider": { name: "gcp" } },
      'signs in by auth-provider "gcp", which Kubernetes gave up in 1.26; have the provider write a kubeconfig with exec',
    ],
    [
      "a version that is no more",
      { exec: { ...exec, apiVersion: "client.authentication.k8s.io/v1alpha1" } },
      ': exec.apiVersion must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1, got "client.authentication.k8s.io/v1alpha1"',
    ],
    ["no version", { exec: { command: "aws" } }, ": exec.apiVersion must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1, got none"],
    ["no program", { exec: { ...exec, command: "" } }, ": exec.command is missing"],
    ["arguments that are no texts", { exec: { ...exec, args: [1] } }, ": exec.args must be a list of texts"],
    ["an environment that is a map", { exec: { ...exec, env: { A: "b" } } }, ": exec.env must be a list of name and value"],
    [
      "no word on questions in v1",
      { exec: { apiVersion: exec.apiVersion, command: "aws" } },
      ": exec.interactiveMode must be Never, IfAvailable, Always, got none",
    ],
    ["something else than a map", { exec: "aws" }, ": exec is not a map"],
  ])("is refused for %s", (_, user, why) => {
    const separator = why.startsWith(":") ? "" : " ";
    expect(() => stanza(user)).toThrow(expect.objectContaining({ kind: "invalid", message: `kubeconfig config: user "eks"${separator}${why}` }));
  });
  it("is refused when the authority's file that it is to be told of cannot be read", () => {
    expect(() => stanza({ exec: { ...exec, provideClusterInfo: true } }, { "certificate-authority": "absent.crt" })).toThrow(
      `the certificate-authority ${join(folder, "absent.crt")}`,
    );
  });
});

it.each<readonly [string, JsonObject]>([
  ["nothing", {}],
  ["lists that are none", { contexts: {}, clusters: null, users: "x", "current-context": "dev" }],
  ["a context that is not there", { ...config({}), "current-context": "prod" }],
])("a kubeconfig with %s has no current context", (_, broken) => {
  expect(currentContext(broken)).toBeUndefined();
});
