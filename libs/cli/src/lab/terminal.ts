import type { StepResult } from "./story.ts";

/** What the lab writes to; a terminal gets progress in place, anything else plain lines. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  /** How wide it is at the moment; undefined where lines are not to be broken, 0 from a terminal that does not tell. */
  readonly columns: () => number | undefined;
}

const TITLE_COLUMNS = 34;
const SECONDS_COLUMNS = 7;
/** Before what a step tells: a mark, its number, its title, its time, and the spaces between them. */
const TOLD_INDENT = 2 + 2 + 2 + TITLE_COLUMNS + 1 + SECONDS_COLUMNS + 2;
/** Less room than this beside the title, and what a step tells goes below it. */
const LEAST_TOLD_COLUMNS = 40;
const BELOW_INDENT = 6;

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

  /** A text that is broken where the terminal ends, below where it begins. */
  entry(head: string, text: string): void {
    const lines = text.split("\n").flatMap((line) => broken(line, this.#room(head.length)));
    this.line(head + lines.join(`\n${" ".repeat(head.length)}`));
  }

  /** What is being done now; replaced by the next, and seen on a terminal only. */
  progress(text: string): void {
    if (!this.#output.isTerminal) return;
    this.#clear();
    this.#output.write(`  … ${text}`.slice(0, this.#room(1)));
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
    const head = `  ${mark} ${this.#steps} ${title.padEnd(TITLE_COLUMNS)} ${`${(tookMs / 1000).toFixed(1)} s`.padStart(SECONDS_COLUMNS)}`;
    const room = this.#room(TOLD_INDENT);
    if (room >= LEAST_TOLD_COLUMNS) this.line(`${head}  ${broken(told, room).join(`\n${" ".repeat(TOLD_INDENT)}`)}`);
    else this.line([head, ...broken(told, this.#room(BELOW_INDENT))].join(`\n${" ".repeat(BELOW_INDENT)}`));
  }

  /** Columns that are left beside `indent`; no end of them where lines are not to be broken. */
  #room(indent: number): number {
    return (this.#output.columns() || Number.POSITIVE_INFINITY) - indent;
  }

  #paint(text: string, colour: number): string {
    return this.#output.hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }

  #clear(): void {
    if (this.#hasLine) this.#output.write("\r\u001b[2K");
    this.#hasLine = false;
  }
}

/** Lines of at most `width` characters, broken between words; a longer word has a line of its own. */
function broken(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
