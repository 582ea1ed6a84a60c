import { ToolkitError } from "./error.ts";

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** Milliseconds in a Go-style duration such as `1h30m` or `500ms`. @throws {ToolkitError} `invalid`, quoting `text` */
export function parseDurationMs(text: string): number {
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new ToolkitError("invalid", `"${text}" is not a duration such as 5m or 1h30m`);
  }
  return parts.reduce((sum, [, amount = "0", unit = ""]) => sum + Number(amount) * (MS_PER_UNIT[unit] ?? 0), 0);
}

/** Writes milliseconds as Go's `time.Duration.String` does: `1h0m0s`, `1m30s`, `2.5s`, `320ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1) return ms < 0.001 ? `${Math.round(ms * 1e6)}ns` : `${trimmed(ms * 1000, 3)}µs`;
  if (ms < 1000) return `${trimmed(ms, 6)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${trimmed((ms % 60_000) / 1000, 9)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, "");
}
