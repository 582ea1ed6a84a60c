import type { StepResult } from "./story.ts";

/** What the lab writes to; a terminal gets progress in place, anything else plain lines. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
}

/** Shows the lab's progress and the story. */
export class LabTerminal {
  readonly #output: Output;
  #steps = 0;
  #hasLine = false;

  constructor(output: Output) {
    this.#output = output;
  }

  line(text = ""): void {
    this.#clear();
    this.#output.write(`${text}\n`);
  }

  /** What is being done now; replaced by the next, and seen on a terminal only. */
  progress(text: string): void {
    if (!this.#output.isTerminal) return;
    this.#clear();
    this.#output.write(`  … ${text}`);
    this.#hasLine = true;
  }

  /** Lets somebody else write, from the beginning of a line. */
  aside(write: () => void): void {
    this.#clear();
    write();
  }

  step({ title, ok, told, tookMs }: StepResult): void {
    this.#steps += 1;
    const mark = ok ? this.#paint("✔", 32) : this.#paint("✗", 31);
    this.line(`  ${mark} ${this.#steps} ${title.padEnd(34)} ${`${(tookMs / 1000).toFixed(1)} s`.padStart(7)}  ${told}`);
  }

  #paint(text: string, colour: number): string {
    return this.#output.hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }

  #clear(): void {
    if (this.#hasLine) this.#output.write("\r\u001b[2K");
    this.#hasLine = false;
  }
}
