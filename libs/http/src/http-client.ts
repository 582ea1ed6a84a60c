/** One request. Headers are lower-case; a credential goes into `headers` and is never part of an error. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal: AbortSignal;
  /** True when sending it twice does no harm, so that it may be sent again on another connection; GET and HEAD always are. */
  readonly isRepeatable?: boolean;
  /** Milliseconds until the headers of the answer must be there; 30,000 unless set. */
  readonly headersTimeoutMs?: number;
  /** Milliseconds without a byte of the body after which the answer is given up; 30,000 unless set, 0 for never. */
  readonly idleTimeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** The body as it arrives. Must be read to its end or cancelled by leaving the loop, which closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends requests. A status is an answer and never an error; no answer is `unavailable`, an abort `cancelled`, an address or
 * redirect that is against the rules `denied`.
 */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections and refuses further requests. */
  close(): void;
}
