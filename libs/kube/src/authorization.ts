import { toToolkitError, type Clock, type ToolkitError } from "@plumb/std";
import type { Credential } from "./kube-access.ts";
import { readLocalFile } from "./local-file.ts";

/** The kubelet renews a token long before it expires; reading each minute is what other clients do. */
const TOKEN_MAX_AGE_MS = 60_000;

/** The `authorization` header of an identity, kept fresh. */
export class Authorization {
  readonly #credential: Credential;
  readonly #clock: Clock;
  #header: string | undefined;
  /** When `#header` is to be read again, by the monotonic clock. */
  #staleAtMs = 0;
  #reading: Promise<void> | undefined;
  #failure: ToolkitError | undefined;

  constructor(credential: Credential, clock: Clock) {
    this.#credential = credential;
    this.#clock = clock;
    if (credential.kind === "basic") this.#header = `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString("base64")}`;
    if (credential.kind === "token") this.#header = `Bearer ${credential.token}`;
  }

  /** The header's value, undefined without credentials. @throws {ToolkitError} when there never was a token to read */
  async header(): Promise<string | undefined> {
    if (this.#credential.kind !== "token-file" || this.#clock.monotonicMs() < this.#staleAtMs) return this.#header;
    await this.#read(this.#credential.path);
    // a token that cannot be read again may still be good
    if (this.#header === undefined && this.#failure !== undefined) throw this.#failure;
    return this.#header;
  }

  /** After a refusal of `refused`: true when there is another value to try. */
  async renew(refused: string | undefined): Promise<boolean> {
    if (this.#credential.kind !== "token-file") return false;
    if (this.#header === refused) await this.#read(this.#credential.path);
    return this.#header !== refused;
  }

  #read(path: string): Promise<void> {
    this.#reading ??= this.#readOnce(path).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(path: string): Promise<void> {
    try {
      this.#header = `Bearer ${(await readLocalFile("token file", path)).trim()}`;
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = toToolkitError(thrown);
    }
    this.#staleAtMs = this.#clock.monotonicMs() + TOKEN_MAX_AGE_MS;
  }
}
