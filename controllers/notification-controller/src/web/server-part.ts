import { listen, type Part } from "@plumb/runtime";
import { aborted, type Clock, type Log } from "@plumb/std";

/** How long requests under way may go on when the process stops (N-001). */
const GRACE_MS = 5000;

/** What of a server the part uses; `node:http`'s Server has it. */
type Stoppable = Parameters<typeof listen>[0];

interface ServerTools {
  readonly log: Log;
  readonly clock: Clock;
}

/** Serves until told to stop, then lets what is under way finish. @param address `host:port`; port 0 is any free one */
export function serverPart(name: string, server: Stoppable, address: string, { log, clock }: ServerTools): Part {
  return {
    name,
    async run(signal) {
      const listening = await listen(server, address);
      log.info("listening", { server: name, address: listening.address });
      await aborted(signal);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const grace = clock.after(GRACE_MS, () => server.closeAllConnections());
      await closed;
      grace.cancel();
    },
  };
}

/** Runs `part` once `synced` has resolved. */
export function afterSync(synced: (signal: AbortSignal) => Promise<void>, part: Part): Part {
  return {
    name: part.name,
    async run(signal) {
      await synced(signal);
      await part.run(signal);
    },
  };
}
