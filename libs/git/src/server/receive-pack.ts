import { ToolkitError, toToolkitError } from "@plumb/std";
import type { GitObject } from "../object.ts";
import { readPack, type PackedObjects } from "../pack.ts";
import { readWhole } from "./read-whole.ts";
import { FLUSH, lineOf, packet, type PacketReader } from "../pkt-line.ts";
import { checkConnected } from "./closure.ts";
import { LOCAL_LIMITS } from "./object-folder.ts";
import { NO_HASH } from "./ref-folder.ts";
import type { LocalRepository } from "./upload-pack.ts";

/** What a pushing client may use. No thin packs: a delta whose base is elsewhere would have to be completed first. */
export const RECEIVE_CAPABILITIES: readonly string[] = ["report-status", "delete-refs", "ofs-delta", "no-thin"];

interface Update {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Takes a push: checks its pack, stores its objects, then moves each ref that may be moved, and reports on each. */
export async function receive(repository: LocalRepository, request: PacketReader): Promise<Buffer> {
  const updates: Update[] = [];
  for await (const payload of request.section()) {
    const [, from, to, name] = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0]+)/.exec(lineOf(payload)) ?? [];
    if (from === undefined || to === undefined || name === undefined) throw new ToolkitError("invalid", "malformed push");
    updates.push({ from, to, name });
  }
  if (updates.length === 0) return Buffer.alloc(0);
  const pushed = await unpack(repository, updates, request).catch((thrown: unknown) => toToolkitError(thrown));
  if (pushed instanceof ToolkitError)
    return report(
      pushed.message,
      updates.map(({ name }) => `ng ${name} unpacker error`),
    );
  const lines: string[] = [];
  for (const update of updates) lines.push(await applied(repository, update, pushed));
  return report("ok", lines);
}

async function unpack({ objects }: LocalRepository, updates: readonly Update[], request: PacketReader): Promise<PackedObjects | undefined> {
  if (updates.every(({ to }) => to === NO_HASH)) return undefined;
  const pack = await readPack(await readWhole(request.rest(), LOCAL_LIMITS.packBytes), LOCAL_LIMITS);
  for (const hash of pack.hashes()) {
    const object = pack.read(hash);
    if (object === "oversized") throw new ToolkitError("invalid", `object ${hash} is too large`);
    if (object !== undefined) await objects.write(object);
  }
  return pack;
}

async function applied(repository: LocalRepository, { name, from, to }: Update, pushed: PackedObjects | undefined): Promise<string> {
  try {
    if (name === (await repository.checkedOut())) return `ng ${name} refusing to update checked out branch`;
    if (to !== NO_HASH) await checkConnected(repository.objects, to, (hash) => pushed?.has(hash) !== true);
    if (to !== NO_HASH && name.startsWith("refs/heads/")) refuseUnlessCommit(await repository.objects.read(to));
    await repository.refs.update(name, from, to);
    return `ok ${name}`;
  } catch (thrown) {
    return `ng ${name} ${toToolkitError(thrown).message.replaceAll("\n", " ")}`;
  }
}

function refuseUnlessCommit(object: GitObject | undefined): void {
  if (object?.type !== "commit") throw new ToolkitError("invalid", "a branch must point to a commit");
}

function report(unpacked: string, lines: readonly string[]): Buffer {
  return Buffer.concat([...[`unpack ${unpacked}`, ...lines].map((line) => packet(`${line}\n`)), Buffer.from(FLUSH)]);
}
