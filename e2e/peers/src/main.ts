// Builds the controllers of Flux where the cache lacks them, and prints their folder.
import { findPeers } from "./build.ts";

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupted.abort());
const peers = await findPeers({ env: process.env, onProgress: (line) => void process.stderr.write(`${line}\n`) }, interrupted.signal);
if (peers.kind === "found") process.stdout.write(`${peers.folder}\n`);
else {
  process.stderr.write(`NOT RUN: ${peers.reason}\n`);
  process.exitCode = 1;
}
