import { ToolkitError, type FlagValues } from "@plumb/std";

export const LOG_LEVELS = ["trace", "debug", "info", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_ENCODINGS = ["json", "console"] as const;
export type LogEncoding = (typeof LOG_ENCODINGS)[number];

export interface LogOptions {
  /** The least that is written. */
  readonly level: LogLevel;
  readonly encoding: LogEncoding;
}

/** The flags that every controller has for its log (spec/flux-core 0.6). */
export const LOG_FLAGS = { "log-level": "string", "log-encoding": "string" } as const;

/** @throws {ToolkitError} `invalid`, naming the flag */
export function readLogFlags(flags: FlagValues<typeof LOG_FLAGS>): LogOptions {
  return {
    level: oneOf(LOG_LEVELS, "log-level", flags["log-level"] ?? "info"),
    encoding: oneOf(LOG_ENCODINGS, "log-encoding", flags["log-encoding"] ?? "json"),
  };
}

function oneOf<Name extends string>(names: readonly Name[], flag: string, text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new ToolkitError("invalid", `invalid argument "${text}" for "--${flag}" flag: must be one of ${names.join(", ")}`);
  return found;
}
