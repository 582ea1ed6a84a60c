/** What commands use of the process they run in, handed in by `main.ts`. */
export interface Host {
  /** The file of Node itself. */
  readonly node: string;
  /** What a person types to start this program, such as `plumb`. */
  readonly command: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody can type into standard input. */
  readonly canAsk: boolean;
  /** Writes to standard error as it is. */
  readonly writeErr: (text: string) => void;
  readonly kill: Kill;
}

/** Sends a signal to a process, or to a group of them by its negative number; 0 only asks. @throws when there is none */
export type Kill = (pid: number, signal: NodeJS.Signals | 0) => void;
