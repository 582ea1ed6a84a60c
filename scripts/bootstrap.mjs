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

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) install();

const isBrought = existsSync(join(root, "node_modules", ".bin", "node"));
const [major] = process.versions.node.split(".");
if (!isBrought && Number(major) < 24) {
  fail(
    `Plumb brings its own Node for linux-x64 and linux-arm64; on ${process.platform}-${process.arch} it needs Node 24 or newer, and this is ${process.version}`,
  );
}

if (process.argv.includes("--bundle")) bundle();

function install() {
  console.error("Installing what package-lock.json names, Node 24 among it (once: a minute or two, and 600 MB on disk) …");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"];
  const { status, error } = spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined) fail(`npm cannot be started: ${error.message}`);
  if (status !== 0)
    fail(
      "npm has not installed what is needed; what it says stands above. Is there a network, a proxy, a free disk? Then run the same command again",
      status ?? 130,
    );
  writeFileSync(stamp, lock);
}

/** Only what has changed since the last time. */
function bundle() {
  const env = { ...process.env, NX_DAEMON: "false", NX_TUI: "false", PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}` };
  console.error("Bundling the command and the controllers …");
  const { status, stdout, error } = spawnSync("npx", ["--no-install", "nx", "run-many", "-t", "bundle", "--outputStyle=static"], {
    cwd: root,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", 2],
  });
  if (status === 0) return;
  console.error(stdout ?? "");
  fail(`the bundles cannot be made: ${error?.message ?? "what nx says stands above"}`, status ?? 130);
}

function fail(message, code = 1) {
  console.error(`plumb: ${message}`);
  process.exit(code);
}
