import { pino, type Logger } from "pino";
import type { Fields, Log } from "@plumb/std";
import { redactField, redactText } from "./redact-text.ts";

export interface CreateLogOptions {
  /** The least that is written. */
  readonly level: "trace" | "debug" | "info" | "error";
  readonly encoding: "json" | "console";
  /** Takes each line, its end included; written to standard error at once unless set. */
  readonly write?: ((line: string) => void) | undefined;
}

const STANDARD_ERROR = 2;

/**
 * A log that writes one line an entry, at once, so that the last line before a crash is there. As JSON its keys are Flux's:
 * `level`, `ts`, the fields, `msg`. Credentials are cut here, whoever logs them.
 */
export function createLog({ level, encoding, write }: CreateLogOptions): Log {
  const sink = write === undefined ? pino.destination({ fd: STANDARD_ERROR, sync: true }) : { write: (line: string): void => write(line) };
  const destination = encoding === "json" ? sink : { write: (line: string): void => void sink.write(toConsole(line)) };
  return wrap(
    pino(
      {
        level,
        base: null,
        timestamp: () => `,"ts":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    ),
  );
}

function wrap(logger: Logger, shared: SafeFields = {}): Log {
  const write = (level: "debug" | "info" | "error", message: string, fields: Fields = {}): void => {
    if (logger.isLevelEnabled(level)) logger[level]({ ...shared, ...safe(fields) }, redactText(message));
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    error: (message, fields) => write("error", message, fields),
    with: (fields) => wrap(logger, { ...shared, ...safe(fields) }),
  };
}

type SafeFields = Readonly<Record<string, string | number | boolean>>;

/** Fields as they may be written; one that would hide the line's own keys gets a `_`. */
function safe(fields: Fields): SafeFields {
  const result: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    const key = name === "level" || name === "ts" || name === "msg" ? `${name}_` : name;
    if (value !== undefined) result[key] = typeof value === "string" ? redactField(name, value) : value;
  }
  return result;
}

/** `time LEVEL message {fields}` with tabs between, as zap's console encoding; control characters stay escaped. */
function toConsole(line: string): string {
  const { level, ts, msg, ...fields }: { level?: string; ts?: string; msg?: string } = JSON.parse(line);
  const rest = Object.keys(fields).length === 0 ? "" : `\t${JSON.stringify(fields)}`;
  return `${ts}\t${level?.toUpperCase()}\t${JSON.stringify(msg).slice(1, -1)}${rest}\n`;
}
