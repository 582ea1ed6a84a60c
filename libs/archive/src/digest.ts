import { createHash, timingSafeEqual, type Hash } from "node:crypto";
import { ToolkitError } from "@plumb/std";

/** The algorithms of `--artifact-digest-algo` that Node has; blake3 is not among them. */
export const DIGEST_ALGORITHMS = ["sha256", "sha384", "sha512", "sha1"] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** Hashes what passes. */
export class DigestWriter {
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;

  constructor(algorithm: DigestAlgorithm) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** `sha256:<hex>`; ends the hash. */
  digest(): string {
    return `${this.#algorithm}:${this.#hash.digest("hex")}`;
  }
}

/** The algorithm of a digest. @throws {ToolkitError} `invalid` for one that is malformed or that is not supported */
export function algorithmOf(digest: string): DigestAlgorithm {
  const [, name = "", hex = ""] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(digest) ?? [];
  const algorithm = DIGEST_ALGORITHMS.find((known) => known === name);
  if (algorithm === undefined || hex.length !== createHash(algorithm).digest("hex").length) {
    throw new ToolkitError("invalid", `digest ${JSON.stringify(digest)} is not supported: use one of ${DIGEST_ALGORITHMS.join(", ")}`);
  }
  return algorithm;
}

export function isSameDigest(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/**
 * Whether the bytes are those that the digest was made of.
 *
 * @throws {ToolkitError} `invalid` for a digest that is malformed or not supported; what `chunks` throws
 */
export async function hasDigest(chunks: AsyncIterable<Uint8Array>, digest: string): Promise<boolean> {
  const hash = new DigestWriter(algorithmOf(digest));
  for await (const _ of hash.through(chunks));
  return isSameDigest(hash.digest(), digest);
}
