import type { Programs } from "@plumb/e2e/toolkit";

/** One line of the table. */
export interface Row {
  readonly figure: string;
  readonly measured: string;
  readonly reach: string;
  readonly isMet: boolean;
  /** What the figure is made of. */
  readonly detail: string;
  /** The figure as numbers by what they are, the less the better; a peer's stand beside them. */
  readonly amounts?: Readonly<Record<string, number>>;
}

/** Whose figures are taken. */
export interface Subject {
  readonly programs: Programs;
  /** Flux's own controllers: they follow drift by the clock alone, and fetch an artifact for every run. */
  readonly isPeer: boolean;
  /** Kustomizations that are made at once, of four objects each. */
  readonly applications: number;
  /** How often a figure is taken that depends on what else the machine does. */
  readonly rounds: number;
}

/** Measures one or more lines of the table. */
export type Bench = (signal: AbortSignal, subject: Subject) => Promise<readonly Row[]>;
