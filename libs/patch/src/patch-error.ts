import { ToolkitError } from "@plumb/std";

/** A patch that cannot be applied, and how the API server answers it: 400, 422 or 500. */
export class PatchError extends ToolkitError {
  readonly answer: "bad-request" | "unprocessable" | "internal";

  constructor(answer: PatchError["answer"], message: string) {
    super("invalid", message);
    this.answer = answer;
  }
}
