/** A request as the server sees it, whichever way it came. */
export interface ApiRequest {
  /** Upper case. */
  readonly method: string;
  /** Decoded by nobody yet; without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body, at most `limitBytes`. @throws {Refusal} 413 */
  readonly body: (limitBytes: number) => Promise<Uint8Array>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** An answer: whole, or as a stream that the server ends. */
export type ApiResponse =
  | { readonly kind: "whole"; readonly status: number; readonly headers: Readonly<Record<string, string | readonly string[]>>; readonly body: string }
  | {
      readonly kind: "stream";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly run: (sink: StreamSink) => void;
    };

/** Where a stream writes to. */
export interface StreamSink {
  write(text: string): void;
  end(): void;
  /** Bytes that the client has not taken yet. */
  pendingBytes(): number;
  /** Calls back once, when the client has gone or the server closes. */
  onClose(run: () => void): void;
}
