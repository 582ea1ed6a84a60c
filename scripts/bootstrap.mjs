// Makes a fresh checkout ready: installs what the lockfile names, Node 24 among it. Runs on Node 20 and has no dependency.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".installed");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("installing dependencies (once) …");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, lock);
}

const isBrought = existsSync(join(root, "node_modules", ".bin", "node"));
const [major] = process.versions.node.split(".");
if (!isBrought && Number(major) < 24) {
  console.error(`plumb needs Node 24 or newer on ${process.platform}-${process.arch}; this is ${process.version}`);
  process.exit(1);
}

if (process.argv.includes("--bundle")) {
  const env = { ...process.env, NX_DAEMON: "false", NX_TUI: "false", PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}` };
  const { status, stdout } = spawnSync("npx", ["--no-install", "nx", "run-many", "-t", "bundle", "--outputStyle=static"], {
    cwd: root,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
  });
  if (status !== 0) {
    console.error(stdout);
    process.exit(status ?? 1);
  }
}
