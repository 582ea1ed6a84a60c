import { open } from "node:fs/promises";
import { ToolkitError, type ErrorKind } from "@plumb/std";

/** No kubeconfig, certificate or token comes near this. */
const MAX_BYTES = 1024 * 1024;
const PROBLEMS: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ENOENT: ["missing", "no such file"],
  ENOTDIR: ["missing", "no such file"],
  EISDIR: ["invalid", "is a directory"],
  EACCES: ["denied", "permission denied"],
};

/**
 * Reads a text that the operator or the kubelet has named: anywhere on the machine and often behind links, so no rooted
 * file system fits.
 *
 * @throws {ToolkitError} naming `what` and the path
 */
export async function readLocalFile(what: string, path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const chunks: Buffer[] = [];
    let size = 0;
    // a pipe or a device does not say how large it is
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      // why: a stream without an encoding gives buffers
      chunks.push(chunk as Buffer);
      size += chunks.at(-1)?.length ?? 0;
      if (size > MAX_BYTES) throw new ToolkitError("invalid", `${what} ${path}: larger than ${MAX_BYTES} bytes`);
    }
    return Buffer.concat(chunks, size).toString("utf8");
  } catch (thrown) {
    if (thrown instanceof ToolkitError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const [kind, words] = PROBLEMS[code] ?? ["unavailable", code || String(thrown)];
    throw new ToolkitError(kind, `${what} ${path}: ${words}`, { cause: thrown });
  }
}
