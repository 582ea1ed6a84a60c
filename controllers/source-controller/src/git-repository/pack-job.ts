import type { Artifact } from "@plumb/api";
import { ArtifactStore, type ArtifactOwner, type DigestAlgorithm, type SourceEntry } from "@plumb/archive";
import { Folder } from "@plumb/files";
import { checkOut, subjectLine, type Checkout, type GitRequest, type Resolved, type TreeFile } from "@plumb/git";
import { sourceIgnore, type IgnoreFile } from "@plumb/ignore";
import { systemClock, ToolkitError, toToolkitError } from "@plumb/std";
import type { GitAccess } from "./access.ts";
import { clientFor } from "./clients.ts";
import { archiveFailure, fetchFailure, StepError, type GitReason } from "./step-error.ts";

/** Name of the job in the worker. */
export const PACK_JOB = "packGitRepository";

/** All that a worker thread needs in order to turn a commit into an artifact. Plain data; holds secrets. */
export interface PackJob {
  readonly request: GitRequest;
  readonly resolved: Resolved;
  readonly access: GitAccess;
  readonly proxyEnvironment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for the fetch. */
  readonly timeoutMs: number;
  readonly owner: ArtifactOwner;
  readonly storagePath: string;
  readonly advertisedHost: string;
  readonly algorithm: DigestAlgorithm;
  /** `spec.ignore`. */
  readonly ignore: string | undefined;
}

/** What came of it. A failure keeps its reason, which an error thrown across threads would lose. */
export type PackAnswer =
  | { readonly kind: "packed"; readonly artifact: Artifact; readonly subject: string }
  | {
      readonly kind: "failed";
      readonly reason: GitReason;
      readonly error: { readonly kind: StepError["kind"]; readonly message: string; readonly retryAfterMs?: number | undefined };
    };

/** Uncompressed bytes of an artifact; what consumers unpack at most. */
const MAX_ARTIFACT_BYTES = 1024 ** 3;
const MAX_IGNORE_FILE_BYTES = 1024 * 1024;
const IGNORE_FILE = ".sourceignore";

/** Fetches one commit and packs its files as they come out of Git's own pack. Runs in a worker thread. */
export async function packGitRepository(job: PackJob): Promise<PackAnswer> {
  const client = clientFor(job.access, job.proxyEnvironment);
  try {
    const signal = AbortSignal.timeout(job.timeoutMs);
    const checkout = await checkOut(client, job.request, job.resolved, signal).catch((thrown: unknown) => Promise.reject(fetchFailure(thrown)));
    const artifact = await archived(job, checkout).catch((thrown: unknown) => Promise.reject(archiveFailure(thrown)));
    return { kind: "packed", artifact, subject: subjectLine(checkout.commit.message) };
  } catch (thrown) {
    if (!(thrown instanceof StepError)) throw toToolkitError(thrown);
    const { reason, kind, message, retryAfterMs } = thrown;
    return { kind: "failed", reason, error: { kind, message, retryAfterMs } };
  } finally {
    client.close();
  }
}

async function archived({ storagePath, advertisedHost, owner, algorithm, ignore }: PackJob, checkout: Checkout): Promise<Artifact> {
  const store = new ArtifactStore({ folder: await Folder.open(storagePath), advertisedHost, clock: systemClock });
  const { signal } = new AbortController(); // the pool ends the thread instead
  return store.pack(keptOf(checkout, ignore), {
    owner,
    file: `${checkout.commit.hash}.tar.gz`,
    revision: checkout.revision,
    maxBytes: MAX_ARTIFACT_BYTES,
    algorithm,
    signal,
  });
}

/** What no rule leaves out (S-079 to S-081), each path on its own (S-073), in the order of the walk. */
function* keptOf(checkout: Pick<Checkout, "entries">, ignore: string | undefined): Generator<SourceEntry> {
  const ignoreFiles = [...checkout.entries()].flatMap((entry) => (entry.kind === "file" && isIgnoreFile(entry) ? [readIgnoreFile(entry)] : []));
  const isIgnored = sourceIgnore(ignoreFiles, ignore);
  for (const entry of checkout.entries()) {
    if (isIgnored(entry.path, entry.kind === "directory")) continue;
    yield entry.kind === "directory" ? { path: entry.path, isFolder: true } : { path: entry.path, mode: entry.mode, bytes: entry.read() };
  }
}

function isIgnoreFile({ path }: TreeFile): boolean {
  return path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`);
}

function readIgnoreFile(file: TreeFile): IgnoreFile {
  const bytes = file.read();
  if (bytes.length > MAX_IGNORE_FILE_BYTES) throw new ToolkitError("invalid", `the file '${file.path}' has more than ${MAX_IGNORE_FILE_BYTES} bytes`);
  return { folder: file.path.slice(0, -IGNORE_FILE.length).replace(/\/$/, ""), text: Buffer.from(bytes).toString("utf8") };
}
