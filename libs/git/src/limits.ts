/** How much a repository may ask of this process. Beyond it the repository is refused with kind `invalid`. */
export interface GitLimits {
  /** Bytes of a pack as it is transferred. */
  readonly packBytes: number;
  /** Objects in a pack. */
  readonly objects: number;
  /** Bytes of one object, inflated. A larger file is refused only when it is read: ignored, it does no harm. */
  readonly objectBytes: number;
  /** Bytes of all objects of a pack together, inflated. */
  readonly inflatedBytes: number;
  /** Refs that a server may list. */
  readonly refs: number;
  /** Files and directories of one commit. */
  readonly entries: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_GIT_LIMITS: GitLimits = {
  packBytes: 512 * MIB,
  objects: 2_000_000,
  objectBytes: 100 * MIB,
  inflatedBytes: 8192 * MIB,
  refs: 500_000,
  entries: 500_000,
};
