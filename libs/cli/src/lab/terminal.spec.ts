import { describe, expect, it } from "vitest";
import { LabTerminal } from "./terminal.ts";

function told(isTerminal: boolean, hasColour: boolean, columns?: number): string {
  let text = "";
  const terminal = new LabTerminal({
    write: (part) => {
      text += part;
    },
    isTerminal,
    hasColour,
    columns: () => columns,
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
  it("breaks what a step tells where the terminal ends, below where it begins, and goes below the title where there is no room", () => {
    const wide = (columns: number): readonly string[] => {
      let text = "";
      const output = { write: (part: string) => void (text += part), isTerminal: false, hasColour: false, columns: () => columns };
      const terminal = new LabTerminal(output);
      terminal.step({ title: "Heal", ok: true, told: "corrected after 0.14 s; the alert says Drift corrected in 35ms", tookMs: 200 });
      terminal.entry("  alert  ", "kustomization/apps\nDrift corrected in 35ms: Deployment/shop");
      return text.split("\n");
    };
    expect(wide(95)).toEqual([
      step("✔", 1, "Heal", "0.2 s", "corrected after 0.14 s; the alert says Drift").trimEnd(),
      `${" ".repeat(50)}corrected in 35ms`,
      "  alert  kustomization/apps",
      "         Drift corrected in 35ms: Deployment/shop",
      "",
    ]);
    expect(wide(40)).toEqual([
      step("✔", 1, "Heal", "0.2 s", "").trimEnd(),
      "      corrected after 0.14 s; the alert",
      "      says Drift corrected in 35ms",
      "  alert  kustomization/apps",
      "         Drift corrected in 35ms:",
      "         Deployment/shop",
      "",
    ]);
  });
  it("breaks nothing on a terminal that says it has no columns, as one without a size does", () => {
    expect(told(true, false, 0)).toBe(told(true, false));
  });
  it("cuts its progress off where the terminal ends, for it could not be replaced otherwise", () => {
    expect(told(true, false, 10)).toContain("\u001b[2K  … waiti\r");
  });
});
