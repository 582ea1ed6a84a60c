import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readKubeconfig } from "@plumb/kube";
import type { JsonObject } from "@plumb/std";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { testHost } from "../testing/test-host.ts";
import type { ExecStanza } from "./exec-stanza.ts";
import { runExec } from "./run-exec.ts";
import { SignIn } from "./sign-in.ts";

/** To give up after, many times what is expected. */
const WAIT = { timeout: 60_000 };

const V1 = "client.authentication.k8s.io/v1";
const NOW = Date.parse("2026-03-01T12:00:00Z");
const { signal } = new AbortController();

let folder: string;
let said: string;
const host = testHost({
  writeErr: (text) => {
    said += text;
  },
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-sign-in-"));
  said = "";
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** A program of one JavaScript text; it notes each of its runs. By way of a shell, for Node's own path may have spaces. */
function program(text: string): string {
  const file = join(folder, "program");
  const shell = `#!/bin/sh\n":" //; exec ${JSON.stringify(process.execPath)} "$0" "$@"\n`;
  write(file, `${shell}require("node:fs").appendFileSync(${JSON.stringify(join(folder, "runs"))}, "x");\n${text}`);
  return file;
}

/**
 * Writes a file that can be started at once. Another process does so: what another test starts while this one has the file
 * open would hold it open too, and then it could not be started (ETXTBSY).
 */
function write(file: string, text: string): void {
  execFileSync("/bin/sh", ["-c", 'cat > "$0.new" && chmod 755 "$0.new" && mv "$0.new" "$0"', file], { input: text });
}

const runs = (): number => (existsSync(join(folder, "runs")) ? readFileSync(join(folder, "runs"), "utf8").length : 0);
const prints = (status: JsonObject): string => `console.log(JSON.stringify(${JSON.stringify({ kind: "ExecCredential", apiVersion: V1, status })}))`;

function stanza(command: string, changes: Partial<ExecStanza> = {}): ExecStanza {
  return {
    subject: 'kubeconfig config: user "eks"',
    apiVersion: V1,
    command,
    args: [],
    env: {},
    installHint: undefined,
    interactiveMode: "Never",
    cluster: undefined,
    ...changes,
  };
}

describe("signing in by a program", () => {
  it("hands it arguments, environment and what is asked of it, and shows what it says, not what it prints", async () => {
    const command = program(`
      console.error("Opening your browser ...");
      const { kind, apiVersion, spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      const token = [kind, apiVersion, JSON.stringify(spec), process.argv.slice(2), process.env.PROFILE, typeof process.env.PATH].join("|");
      console.log(JSON.stringify({ kind, apiVersion, status: { token: Buffer.from(token).toString("base64") } }));
    `);
    const { token } = await runExec(stanza(command, { args: ["get", "token"], env: { PROFILE: "prod" }, cluster: { server: "https://c" } }), { host, signal });
    expect(Buffer.from(token ?? "", "base64").toString()).toBe(
      `ExecCredential|${V1}|{"cluster":{"server":"https://c"},"interactive":false}|get,token|prod|string`,
    );
    expect(said).toBe("Opening your browser ...\n");
  });

  it.each<readonly [string, string, string]>([
    ["prints nothing", "", `printed nothing, where an ExecCredential (${V1}, JSON) was expected`],
    ["prints garbage", "console.log('s3cret {')", `printed something else than an ExecCredential (${V1}, JSON)`],
    ["prints a list", "console.log('[]')", `printed something else than an ExecCredential (${V1}, JSON)`],
    ["prints another kind", `console.log('{"kind":"Secret"}')`, "printed no ExecCredential: its kind is Secret"],
    [
      "prints another version",
      `console.log('{"kind":"ExecCredential","apiVersion":"${V1}beta1"}')`,
      `printed an ExecCredential of ${V1}beta1, and the kubeconfig asks for ${V1}`,
    ],
    ["has no status", `console.log('{"kind":"ExecCredential","apiVersion":"${V1}"}')`, "printed an ExecCredential without a status"],
    ["has no credential", prints({ expirationTimestamp: "2099-01-01T00:00:00Z" }), "printed neither a token nor a client certificate"],
    ["has half a pair", prints({ token: "t", clientKeyData: "s3cret" }), "printed only one of clientCertificateData and clientKeyData"],
    [
      "has a pair that is none",
      prints({ clientCertificateData: "s3cret", clientKeyData: "s3cret" }),
      "printed a client certificate and a key that do not go together, or are not PEM",
    ],
    ["has a token of two lines", prints({ token: "s3cret\nX-Evil: 1" }), "printed a token with a space or a sign that no header can carry"],
    ["has no time where one belongs", prints({ token: "s3cret", expirationTimestamp: "soon" }), "printed an expirationTimestamp that is no time (RFC 3339)"],
    [
      "prints megabytes",
      "for (let i = 0; i < 1000; i++) process.stdout.write('s3cret'.repeat(1000))",
      "printed more than 1048576 bytes, which is no credential",
    ],
    ["ends by itself and says why", "console.error('not logged in'); process.exit(3)", "ended with exit code 3; what it said stands above"],
    ["ends by itself and is silent", "process.exit(3)", "ended with exit code 3; it said nothing: run it by hand"],
    ["is killed", "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", "ended with SIGTERM; it said nothing: run it by hand"],
  ])("fails, and says so, when it %s", async (_, text, why) => {
    const command = program(text);
    await expect(runExec(stanza(command), { host, signal })).rejects.toMatchObject({
      message: `kubeconfig config: user "eks" signs in by ${command}, which ${why}`,
    });
  });

  it("fails when what it prints has expired, with both times", async () => {
    const command = program(prints({ token: "t", expirationTimestamp: "2020-01-01T00:00:00Z" }));
    await expect(runExec(stanza(command), { host, signal })).rejects.toThrow(
      /which printed a credential that expired at 2020-01-01T00:00:00\.000Z; it is \S+ here: check this machine's clock, or sign in again by hand$/,
    );
  });

  it.each<readonly [string, Partial<ExecStanza>, string]>([
    [
      "is not installed",
      { command: "no-such-sign-in" },
      "no-such-sign-in, which is not installed: there is no such program on the PATH; install it, or name a kubeconfig with a token",
    ],
    [
      "is not installed, with the hint that is there",
      { command: "no-such-sign-in", installHint: "brew install it" },
      "no-such-sign-in, which is not installed: there is no such program on the PATH\n\nbrew install it",
    ],
    [
      "is not where it should be",
      { command: "/no/such" },
      "/no/such, which is not there, or what it is run by is not; install it, or name a kubeconfig with a token",
    ],
    ["has a path through a file", { command: "/etc/hosts/sign-in" }, "/etc/hosts/sign-in, which cannot be started: ENOTDIR"],
    ["may not be run", { command: "/etc/ssl" }, "/etc/ssl, which may not be run: permission denied"],
    [
      "must ask, where nobody answers",
      { command: "az", interactiveMode: "Always" },
      "az, which asks questions (interactiveMode: Always), and there is no terminal to answer them",
    ],
  ])("fails when the program %s", async (_, changes, why) => {
    await expect(runExec(stanza("", changes), { host, signal })).rejects.toThrow(`kubeconfig config: user "eks" signs in by ${why}`);
  });

  it("ends a program that hangs, with what that has started", async () => {
    const pids = join(folder, "pids");
    const command = program(`
      const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" });
      require("node:fs").writeFileSync(${JSON.stringify(pids)}, process.pid + " " + child.pid);
      setInterval(() => {}, 1000);
    `);
    const late = runExec(stanza(command), { host, limits: { aloneMs: 8000, askingMs: 1 }, signal });
    await expect(late).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("which did not end within 8 s and was stopped; run it by hand"),
    });
    const alive = (): readonly string[] =>
      readFileSync(pids, "utf8")
        .split(" ")
        .filter((pid) => existsSync(`/proc/${pid}/exe`));
    await vi.waitFor(() => expect(alive()).toEqual([]), WAIT);
  });

  it("does not wait for what the program leaves behind with its output", async () => {
    const command = program(`${prints({ token: "t" })}; require("node:child_process").spawn("sleep", ["20"], { stdio: "inherit" }).unref()`);
    expect(await runExec(stanza(command), { host, limits: { aloneMs: 10_000, askingMs: 1 }, signal })).toMatchObject({ token: "t" });
  });

  it("ends the program when it is told to stop", async () => {
    const stop = new AbortController();
    const running = runExec(stanza(program("setInterval(() => {}, 1000)")), { host, signal: stop.signal });
    await vi.waitFor(() => expect(runs()).toBe(1), WAIT);
    stop.abort();
    await expect(running).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("being signed in", () => {
  const credentials = (): string => join(folder, "credentials");

  async function open(text: string, user: JsonObject = {}): Promise<SignIn> {
    const kubeconfig = join(folder, "config");
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        "current-context": "dev",
        contexts: [{ name: "dev", context: { cluster: "c", user: "eks", namespace: "apps" } }],
        clusters: [{ name: "c", cluster: { server: "https://10.0.0.1", "certificate-authority": "ca.pem" } }],
        users: [{ name: "eks", user: { as: "me", exec: { apiVersion: V1, command: program(text), interactiveMode: "Never" }, ...user } }],
      }),
    );
    writeFileSync(join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----\n");
    return await SignIn.open({ kubeconfig, folder: credentials(), host, signal });
  }
  /** Each run gets a token of its own, which is good for ten minutes. */
  const counting = `
    const run = require("node:fs").readFileSync(__dirname + "/runs", "utf8").length;
    const status = { token: "t" + run, expirationTimestamp: new Date(${NOW} + run * 600000).toISOString() };
    console.log(JSON.stringify({ kind: "ExecCredential", apiVersion: "${V1}", status }));
  `;
  const freeze = (ms: number): void => void vi.useFakeTimers({ toFake: ["Date"], now: ms });
  const token = (): string => readFileSync(join(credentials(), "token"), "utf8");

  it("leaves files that nobody else may read and that any client can use, and takes them away again", async () => {
    freeze(NOW);
    const signIn = await open(counting);
    const { access, namespace } = await readKubeconfig(signIn.kubeconfig, { allowsInsecureTls: false });
    expect([access, namespace]).toMatchObject([
      {
        server: new URL("https://10.0.0.1"),
        ca: expect.stringContaining("BEGIN"),
        impersonate: { user: "me" },
        credential: { kind: "token-file", path: join(credentials(), "token") },
      },
      "apps",
    ]);
    expect(token()).toBe("t1");
    expect(readFileSync(signIn.kubeconfig, "utf8")).not.toContain("exec");
    expect(readdirSync(credentials()).map((file) => statSync(join(credentials(), file)).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(credentials()).mode & 0o777).toBe(0o700);
    signIn.close();
    expect(existsSync(credentials())).toBe(false);
  });

  it("takes a client certificate, both parts in one file", async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "me" }], { keyType: "ec", algorithm: "sha256" });
    const signIn = await open(prints({ clientCertificateData: cert, clientKeyData: key }));
    const file = join(credentials(), "client.pem");
    expect((await readKubeconfig(signIn.kubeconfig, { allowsInsecureTls: false })).access.clientCertificate?.files).toEqual({ certificate: file, key: file });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is renewed before the credential expires, and not sooner", async () => {
    freeze(NOW);
    const signIn = await open(counting);
    freeze(NOW + 299_000);
    await signIn.renewWhenDue(signal);
    expect(token()).toBe("t1");
    freeze(NOW + 301_000);
    await signIn.renewWhenDue(signal);
    expect(token()).toBe("t2");
  });

  it("is renewed once for all that are refused at the same time, and not again at once", async () => {
    freeze(NOW);
    const signIn = await open(counting);
    expect(await signIn.renew(signal)).toBe(false);
    freeze(NOW + 60_000);
    expect(await Promise.all([signIn.renew(signal), signIn.renew(signal)])).toEqual([true, true]);
    expect([await signIn.renew(signal), runs(), token()]).toEqual([false, 2, "t2"]);
  });

  it("keeps the credential when signing in again fails, tells so once, and tells of it again after it went well", async () => {
    freeze(NOW);
    const signIn = await open(counting);
    const good = readFileSync(join(folder, "program"), "utf8");
    program("process.exit(1)");
    freeze(NOW + 400_000);
    const troubles: string[] = [];
    const looks: number[] = [];
    const staying = signIn.stay({ look: async () => looks.push(runs()), onTrouble: (text) => troubles.push(text), everyMs: 10, signal });
    await vi.waitFor(() => expect(runs()).toBeGreaterThan(3), WAIT);
    expect([troubles, looks, token()]).toEqual([[expect.stringMatching(/ended with exit code 1; .*; this is tried again every 0\.01 s$/)], [], "t1"]);
    write(join(folder, "program"), good);
    await vi.waitFor(() => expect(looks.length).toBeGreaterThan(0), WAIT);
    expect(token()).not.toBe("t1");
    signIn.close();
    await staying;
  });

  it("leaves nothing behind when the first time fails", async () => {
    await expect(open("process.exit(1)")).rejects.toThrow("ended with exit code 1");
    expect(existsSync(credentials())).toBe(false);
  });

  it("is as before where no program is asked: the same file, nothing run, nothing made", async () => {
    const signIn = await open(counting, { token: "static" });
    expect([signIn.kubeconfig, runs(), existsSync(credentials())]).toEqual([join(folder, "config"), 0, false]);
    await signIn.stay({ look: () => Promise.reject(new Error("looked")), onTrouble: () => expect.unreachable(), signal });
    signIn.close();
    expect(existsSync(signIn.kubeconfig)).toBe(true);
  });
});
