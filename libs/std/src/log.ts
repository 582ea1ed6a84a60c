/** What varies in a log line; the message itself is constant words. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured logging. The implementation is `@plumb/telemetry`; credentials in URLs are cut there, at the sink. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log whose every line carries `fields` too. */
  with(fields: Fields): Log;
}

const nothing = (): void => {};

/** Says nothing; for tests and for code that has no log yet. */
export const silentLog: Log = { debug: nothing, info: nothing, error: nothing, with: () => silentLog };
