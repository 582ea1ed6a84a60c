/** One line of the table. */
export interface Row {
  readonly figure: string;
  readonly measured: string;
  readonly reach: string;
  readonly isMet: boolean;
  /** What the figure is made of. */
  readonly detail: string;
}

/** Measures one or more lines of the table. */
export type Bench = (signal: AbortSignal) => Promise<readonly Row[]>;
