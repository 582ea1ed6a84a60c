import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { ProcessGroup } from "../control-plane/src/process-group.ts";
import { writeBundles } from "../toolkit/bundles.ts";
import { until } from "../toolkit/until.ts";

/** Gives every suite of the project one embedded API server, and ends it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await writeBundles();
  const group = await ProcessGroup.open();
  const program = fileURLToPath(new URL("embedded-main.ts", import.meta.url));
  const server = await group.start("embedded", process.execPath, ["--conditions=@plumb/source", program], { PATH: process.env["PATH"] });
  const url = await until("the embedded API server", async () => {
    if (server.end !== undefined) throw new Error(`it ended (${server.end}):\n${await group.logTail("embedded", 20)}`);
    return /"url":"([^"]+)"/.exec(await group.logTail("embedded", 5))?.[1];
  });
  const kubeconfig = join(group.folder, "kubeconfig");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "embedded",
      clusters: [{ name: "embedded", cluster: { server: url } }],
      users: [{ name: "embedded", user: {} }],
      contexts: [{ name: "embedded", context: { cluster: "embedded", user: "embedded" } }],
    }),
    { mode: 0o600 },
  );
  project.provide("cluster", { kind: "embedded", kubeconfig });
  return () => group.stop();
}
