import { describe, expect, it } from "vitest";
import { LabTerminal } from "./terminal.ts";

function told(isTerminal: boolean, hasColour: boolean): string {
  let text = "";
  const terminal = new LabTerminal({
    write: (part) => {
      text += part;
    },
    isTerminal,
    hasColour,
  });
  terminal.line("Lab");
  terminal.progress("starting");
  terminal.progress("waiting");
  terminal.step({ title: "Apply", ok: true, told: "3 objects", tookMs: 1250 });
  terminal.step({ title: "Heal", ok: false, told: "not within 30 s", tookMs: 30_000 });
  terminal.line();
  return text;
}

const step = (mark: string, number: number, title: string, seconds: string, words: string): string =>
  `  ${mark} ${number} ${title.padEnd(34)} ${seconds.padStart(7)}  ${words}\n`;

describe("LabTerminal", () => {
  it("writes plain lines where nobody can see anything move", () => {
    expect(told(false, false)).toBe(`Lab\n${step("✔", 1, "Apply", "1.3 s", "3 objects")}${step("✗", 2, "Heal", "30.0 s", "not within 30 s")}\n`);
  });
  it("replaces its progress on a terminal, and leaves none of it", () => {
    const clear = "\r\u001b[2K";
    expect(told(true, false)).toBe(
      `Lab\n  … starting${clear}  … waiting${clear}${step("✔", 1, "Apply", "1.3 s", "3 objects")}${step("✗", 2, "Heal", "30.0 s", "not within 30 s")}\n`,
    );
  });
  it("paints the marks alone", () => {
    expect(told(false, true)).toContain("  \u001b[32m✔\u001b[0m 1 Apply");
    expect(told(false, true)).toContain("  \u001b[31m✗\u001b[0m 2 Heal");
  });
});
