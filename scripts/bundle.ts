// Bundles one package's main.ts into dist/main.mjs: a controller's one file that ships, which also starts itself again as its worker.
import { cpSync, existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type OutputFile, type Plugin } from "esbuild";

/** Plain ESM cannot `require`; some dependencies do, of built-in modules. */
const BANNER = 'const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);';

/** What of the Kubernetes client a controller must not contain: processes, sockets and sign-ins of its own. */
const STUBBED = /^(node:)?(child_process|ws|undici|socks-proxy-agent|socks|openid-client|isomorphic-ws|hpagent|tar-fs|stream-buffers|form-data)$/;

/** Enters the Kubernetes client at its kubeconfig reader and leaves out what that can do without. */
function leanKubeClient(root: string): Plugin {
  return {
    name: "lean-kube-client",
    setup(builder) {
      builder.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({ path: join(root, "node_modules/@kubernetes/client-node/dist/config.js") }));
      builder.onResolve({ filter: /.*/ }, ({ path, importer }) => {
        if (!importer.includes("/@kubernetes/client-node/")) return undefined;
        const isSignIn =
          /\/(exec_auth|oidc_auth|oidc_auth_delayed|azure_auth|gcp_auth|openshift_auth|file_auth|web-socket-handler|middleware|gen\/index)(\.js)?$/.test(path);
        return STUBBED.test(path) || isSignIn ? { path, namespace: "left-out" } : undefined;
      });
      builder.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: STUB, loader: "js" }));
    },
  };
}

/** Stands for all that `config.js` imports from the modules left out: it never recognises a user, and fails when used. */
const NAMES = [
  "AzureAuth",
  "ExecAuth",
  "FileAuth",
  "GoogleCloudPlatformAuth",
  "OpenIDConnectAuth",
  "createConfiguration",
  "ServerConfiguration",
  "setHeaderMiddleware",
  "Agent",
  "ProxyAgent",
  "SocksProxyAgent",
  "SocksClient",
  "HttpProxyAgent",
  "HttpsProxyAgent",
];
const STUB = `class LeftOut {
  isAuthProvider() { return false; }
  applyAuthentication() { throw new Error("this sign-in is not part of a controller"); }
}
export { ${NAMES.map((name) => `LeftOut as ${name}`).join(", ")}, LeftOut as default };
`;

/**
 * Takes built-in modules from the process when something of them is used: an import of one loads it and all that it can do, which
 * takes longer than many a command, and with `node:http` a second HTTP client of 3 MB. What is a function, or is changed by those
 * who use it, is taken at once.
 */
const lateBuiltIns: Plugin = {
  name: "late-built-ins",
  setup(builder) {
    builder.onResolve({ filter: /^[a-z_/:]+$/ }, ({ path }) => (isBuiltin(path) ? { path, namespace: "built-in" } : undefined));
    builder.onLoad({ filter: /.*/, namespace: "built-in" }, async ({ path }) => {
      const taken = `process.getBuiltinModule(${JSON.stringify(path)})`;
      const module: unknown = process.getBuiltinModule(path);
      if (typeof module === "function" || module === process) return { contents: `module.exports = ${taken};` };
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      return {
        contents: `for (const name of ${JSON.stringify(names)}) Object.defineProperty(exports, name, { enumerable: true, get: () => ${taken}[name] });`,
      };
    });
  },
};

/** What packages ship as whose commands need little of the rest: the file that is started, and those that it imports when it needs them. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = { "libs/cli": ["main", "build-main", "commands"] };

/** Leaves the imports of the other entries to the time when they are needed. */
function apart(entries: readonly string[]): Plugin {
  return {
    name: "apart",
    setup(builder) {
      builder.onResolve({ filter: /^\.\/[a-z-]+\.ts$/ }, ({ path, kind }) => {
        const name = path.slice("./".length, -".ts".length);
        return kind === "dynamic-import" && entries.includes(name) ? { path: `./${name}.mjs`, external: true } : undefined;
      });
    },
  };
}

async function bundleEntry(root: string, folder: string, entry: string): Promise<readonly OutputFile[]> {
  const entries = ENTRIES[folder] ?? [];
  const { outputFiles } = await build({
    entryPoints: [join(root, folder, "src", `${entry}.ts`)],
    outdir: join(root, folder, "dist"),
    outExtension: { ".js": ".mjs" },
    chunkNames: "part-[hash]",
    splitting: entries.length > 0,
    bundle: true,
    // Names stay: they are what an error shows, and keeping them beside shortened ones costs every function that is made.
    minifyWhitespace: true,
    minifySyntax: true,
    platform: "node",
    format: "esm",
    target: "node24",
    conditions: ["@plumb/source"],
    banner: { js: BANNER },
    legalComments: "linked",
    logLevel: "warning",
    plugins: [leanKubeClient(root), lateBuiltIns, apart(entries)],
    write: false,
  });
  return outputFiles;
}

/** Bundles the package in `folder`; resolves to the file that is started. */
export async function bundle(root: string, folder: string): Promise<string> {
  const outdir = join(root, folder, "dist");
  mkdirSync(outdir, { recursive: true });
  const outputs = await Promise.all((ENTRIES[folder] ?? ["main"]).map((entry) => bundleEntry(root, folder, entry)));
  const outputFiles = outputs.toReversed().flat();
  // Whole or not at all: a process that runs from the file starts its workers from it.
  for (const { path, contents } of outputFiles) {
    const making = `${path}.${process.pid}`;
    writeFileSync(making, contents, { mode: path === join(outdir, "main.mjs") ? 0o755 : 0o644 });
    renameSync(making, path);
  }
  const written = new Set(outputFiles.map(({ path }) => path));
  for (const part of globSync(join(outdir, "part-*"))) if (!written.has(part)) rmSync(part);
  const data = join(root, folder, "data");
  if (existsSync(data)) cpSync(data, join(root, folder, "dist", "data"), { recursive: true });
  return join(outdir, "main.mjs");
}

if (import.meta.main) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const folder = process.argv[2] ?? resolve(".").slice(root.length + 1);
  console.error(`bundled ${(await bundle(root, folder)).slice(root.length + 1)}`);
}
