import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readKubeconfigDocument } from "@plumb/kube";
import { sleep, ToolkitError, toToolkitError } from "@plumb/std";
import type { Host } from "../host.ts";
import type { ExecCredential } from "./exec-credential.ts";
import { currentContext, execStanza, type CurrentContext, type ExecStanza } from "./exec-stanza.ts";
import { runExec } from "./run-exec.ts";

export interface SignInOptions {
  /** Somebody's kubeconfig. */
  readonly kubeconfig: string;
  /** Made for the credentials, and removed with them. */
  readonly folder: string;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Before a credential expires, and never more than half of its life: whoever reads its file does so every minute. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** A program that is asked more often than this answers from its own cache. */
const RENEW_EVERY_MS = 10_000;

/** Milliseconds between two looks at whether the server still knows who is asking. */
const LOOK_EVERY_MS = 15_000;

export interface StayOptions {
  /** Asks the server for something, and signs in again where it is refused. */
  readonly look: () => Promise<unknown>;
  /** Told once of each trouble. */
  readonly onTrouble: (text: string) => void;
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

/** Names of the files beside the kubeconfig. */
const TOKEN = "token";
const PAIR = "client.pem";

/**
 * A kubeconfig that any client can use, whoever signs in how: where its user signs in by a program, that is run here, and
 * what it prints goes into files that nobody else may read and that are written anew before it expires. Clients read those
 * again by themselves; the program and its credential reach no other process.
 */
export class SignIn {
  /** To be used instead of the one that was named; the same where no program is needed. */
  readonly kubeconfig: string;
  readonly #stanza: ExecStanza | undefined;
  readonly #options: SignInOptions;
  #credential: ExecCredential | undefined;
  /** By the wall clock, which goes on while the machine sleeps. */
  #signedInAtMs = 0;
  #renewing: Promise<boolean> | undefined;
  readonly #closed = new AbortController();

  private constructor(kubeconfig: string, stanza: ExecStanza | undefined, options: SignInOptions) {
    this.kubeconfig = kubeconfig;
    this.#stanza = stanza;
    this.#options = options;
  }

  /** @throws {ToolkitError} when the kubeconfig cannot be read, or its user cannot sign in */
  static async open(options: SignInOptions): Promise<SignIn> {
    const { kubeconfig, folder, signal } = options;
    const config = await readKubeconfigDocument(kubeconfig);
    const current = currentContext(config);
    const home = dirname(resolve(kubeconfig));
    const stanza = current === undefined ? undefined : execStanza(current, kubeconfig, home);
    if (current === undefined || stanza === undefined) return new SignIn(kubeconfig, undefined, options);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const signIn = new SignIn(join(folder, "kubeconfig"), stanza, options);
    try {
      await signIn.#run(stanza, signal);
    } catch (thrown) {
      signIn.close();
      throw thrown;
    }
    writePrivate(signIn.kubeconfig, resolvedText(current, signIn.#credential, home));
    return signIn;
  }

  /** Signs in again where the credential expires soon. @throws {ToolkitError} when that fails; the one before stays in place */
  async renewWhenDue(signal: AbortSignal): Promise<void> {
    const expiresAtMs = this.#credential?.expiresAtMs;
    if (expiresAtMs === undefined) return;
    const aheadMs = Math.min(RENEW_BEFORE_MS, (expiresAtMs - this.#signedInAtMs) / 2);
    if (Date.now() >= expiresAtMs - aheadMs) await this.renew(signal);
  }

  /** Signs in again, as after a refusal. Resolves to whether there is another credential now. @throws {ToolkitError} when that fails */
  async renew(signal: AbortSignal): Promise<boolean> {
    const stanza = this.#stanza;
    if (stanza === undefined || Math.abs(Date.now() - this.#signedInAtMs) < RENEW_EVERY_MS) return false;
    this.#renewing ??= this.#run(stanza, signal).finally(() => {
      this.#renewing = undefined;
    });
    return await this.#renewing;
  }

  /** Stays signed in until it is closed or the signal aborts, for clients that only read the files. Never rejects. */
  async stay({ look, onTrouble, everyMs = LOOK_EVERY_MS, signal: until }: StayOptions): Promise<void> {
    const signal = AbortSignal.any([until, this.#closed.signal]);
    let hasTold = false;
    while (this.#stanza !== undefined && !signal.aborted) {
      try {
        await sleep(everyMs, signal);
        await this.renewWhenDue(signal);
        await look();
        hasTold = false;
      } catch (thrown) {
        const { kind, message } = toToolkitError(thrown);
        if (kind === "cancelled" || hasTold) continue;
        hasTold = true;
        onTrouble(`${message}; this is tried again every ${everyMs / 1000} s`);
      }
    }
  }

  /** Removes the credentials. */
  close(): void {
    this.#closed.abort();
    if (this.#stanza !== undefined) rmSync(this.#options.folder, { recursive: true, force: true });
  }

  async #run(stanza: ExecStanza, signal: AbortSignal): Promise<boolean> {
    const before = this.#credential;
    const next = await runExec(stanza, { host: this.#options.host, signal });
    if (before !== undefined && ((before.token === undefined) !== (next.token === undefined) || (before.pair === undefined) !== (next.pair === undefined)))
      throw new ToolkitError("invalid", `${stanza.subject} got another sort of credential than at first; start the lab again`);
    this.#credential = next;
    this.#signedInAtMs = Date.now();
    const { folder } = this.#options;
    if (next.token !== undefined) writePrivate(join(folder, TOKEN), next.token);
    // both in one file, so that they change at the same time
    if (next.pair !== undefined) writePrivate(join(folder, PAIR), `${next.pair.certificate.trimEnd()}\n${next.pair.key.trimEnd()}\n`);
    return next.token !== before?.token || next.pair?.certificate !== before?.pair?.certificate;
  }
}

/** The current context alone, without the program, as JSON. */
function resolvedText({ context, cluster, user }: CurrentContext, credential: ExecCredential | undefined, home: string): string {
  const { exec: _program, "auth-provider": _provider, ...identity } = user;
  const authority = cluster["certificate-authority"];
  const found = typeof authority === "string" && authority !== "" ? { "certificate-authority": resolve(home, authority) } : {};
  const credentials = {
    ...(credential?.token === undefined ? {} : { tokenFile: TOKEN }),
    ...(credential?.pair === undefined ? {} : { "client-certificate": PAIR, "client-key": PAIR }),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "guest",
    clusters: [{ name: "guest", cluster: { ...cluster, ...found } }],
    contexts: [{ name: "guest", context: { ...context, cluster: "guest", user: "guest" } }],
    users: [{ name: "guest", user: { ...identity, ...credentials } }],
  });
}

/** Whole or not at all, and for nobody else to read. */
function writePrivate(file: string, text: string): void {
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
