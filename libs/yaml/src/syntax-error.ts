/** A text that is no YAML, with places counted from 0; becomes a ToolkitError where the path is known. */
export class SyntaxProblem extends Error {
  /** As go-yaml counts it: from 1, or one less for what its parser finds; 0 when it names none. */
  readonly shownLine: number;
  readonly line: number;
  readonly column: number;

  constructor(message: string, shownLine: number, line: number, column: number) {
    super(message);
    this.shownLine = shownLine;
    this.line = line;
    this.column = column;
  }
}
