/** Makes directories for runs; handed in, for the engine touches no disk. */
export interface ScratchSpace {
  /** Resolves to an empty directory's absolute path. */
  make(): Promise<string>;
  remove(path: string): Promise<void>;
}
