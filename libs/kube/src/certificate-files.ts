import type { Clock } from "@plumb/std";
import type { ClientCertificate } from "./kube-access.ts";
import { readLocalFile } from "./local-file.ts";

/** As often as a token's file. */
const MAX_AGE_MS = 60_000;

/** A client certificate whose files somebody renews. */
export class CertificateFiles {
  readonly #files: NonNullable<ClientCertificate["files"]>;
  readonly #clock: Clock;
  /** Told a pair that differs from the last one. @throws when it is none that can be used */
  readonly #use: (pair: ClientCertificate) => void;
  #current: ClientCertificate;
  /** When the files are to be read again, by the monotonic clock. */
  #staleAtMs: number;
  #reading: Promise<void> | undefined;

  constructor(first: ClientCertificate, files: NonNullable<ClientCertificate["files"]>, clock: Clock, use: (pair: ClientCertificate) => void) {
    this.#files = files;
    this.#clock = clock;
    this.#use = use;
    this.#current = first;
    this.#staleAtMs = clock.monotonicMs() + MAX_AGE_MS;
  }

  /** The pair in use, read again where that is due. Never rejects: a pair that cannot be read again may still be good. */
  async current(): Promise<ClientCertificate> {
    if (this.#clock.monotonicMs() >= this.#staleAtMs) await this.#read();
    return this.#current;
  }

  /** After a refusal of `refused`: true when there is another pair to try. */
  async renew(refused: ClientCertificate): Promise<boolean> {
    if (this.#current === refused) await this.#read();
    return this.#current !== refused;
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    this.#staleAtMs = this.#clock.monotonicMs() + MAX_AGE_MS;
    try {
      const certificate = await readLocalFile("client certificate", this.#files.certificate);
      const key = await readLocalFile("client key", this.#files.key);
      if (certificate === this.#current.certificate && key === this.#current.key) return;
      const pair = { certificate, key };
      this.#use(pair);
      this.#current = pair;
    } catch {
      // half written, or gone for a moment: the next look finds it whole
    }
  }
}
