import { readFileSync } from "node:fs";
import { createApiServer } from "@plumb/apiserver";
import { aborted, type Log } from "@plumb/std";

export interface ApiServerRoleOptions {
  readonly host: string;
  readonly port: number;
  /** PEM files. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Holds the one bearer token that is let in. */
  readonly tokenFile: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Serves an empty cluster over TLS. Resolves when it is stopped. */
export async function runApiServer({ host, port, certificateFile, keyFile, tokenFile, log, signal }: ApiServerRoleOptions): Promise<void> {
  const server = createApiServer({
    tls: { cert: readFileSync(certificateFile, "utf8"), key: readFileSync(keyFile, "utf8") },
    tokens: [readFileSync(tokenFile, "utf8").trim()],
  });
  const listening = await server.listen(port, host);
  log.info("listening", { server: "apiserver", address: new URL(listening.url).host });
  await aborted(signal);
  server.stop();
  await listening.close();
}
