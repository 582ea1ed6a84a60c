import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Row } from "../row.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The lab from its start to the end of its story, on the embedded cluster. */
export async function story(signal: AbortSignal): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "plumb-bench-lab-"));
  try {
    const startedMs = performance.now();
    const child = spawn(process.execPath, [`${ROOT}libs/cli/dist/main.mjs`, "lab", "up", "--once", "--dir", folder], {
      cwd: folder,
      signal,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
    const seconds = (performance.now() - startedMs) / 1000;
    if (code !== 0) throw new Error(`the lab ended with ${code}: ${output.slice(-400)}`);
    return [
      {
        figure: "`npm start` to the end of the story, warm",
        measured: `${seconds.toFixed(1)} s`,
        reach: "≤ 30 s",
        isMet: seconds <= 30,
        detail: "bundles and node_modules in place",
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
