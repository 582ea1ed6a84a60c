import { ToolkitError } from "@plumb/std";
import { isHash, parseTagTarget } from "../object.ts";
import { DELIM, FLUSH, lineOf, packet, type PacketReader } from "../pkt-line.ts";
import { closureOf, type Closure } from "./closure.ts";
import type { ObjectFolder } from "./object-folder.ts";
import { writePack } from "./pack-writer.ts";
import type { RefFolder } from "./ref-folder.ts";

export interface LocalRepository {
  readonly objects: ObjectFolder;
  readonly refs: RefFolder;
  /** The branch that is checked out beside the repository; undefined for a bare one. */
  checkedOut(): Promise<string | undefined>;
}

const AGENT = "agent=plumb/0.1";
/** Payload of a side-band-64k packet: 65,520 less the length and the band. */
const BAND_BYTES = 65_515;

/** What a client of protocol 2 is told first. */
export function capabilities2(): readonly Buffer[] {
  return ["version 2\n", `${AGENT}\n`, "ls-refs=unborn\n", "fetch=shallow\n", "object-format=sha1\n"].map(packet);
}

/** What a client of protocol 0 is told first: every ref, the capabilities after the first. */
export async function* advertiseRefs(repository: LocalRepository, capabilities: readonly string[]): AsyncGenerator<Buffer> {
  const refs = await repository.refs.all();
  const head = await repository.refs.resolve("HEAD");
  const target = await repository.refs.head();
  const symref = head !== undefined && target !== undefined ? [`symref=HEAD:${target}`] : [];
  const lines: string[] = head === undefined ? [] : [`${head} HEAD`];
  for (const [name, hash] of refs) {
    lines.push(`${hash} ${name}`);
    const peeled = await peel(repository, hash);
    if (peeled !== hash) lines.push(`${peeled} ${name}^{}`);
  }
  const [first = `${"0".repeat(40)} capabilities^{}`, ...rest] = lines;
  yield packet(`${first}\0${[...capabilities, ...symref, "object-format=sha1", AGENT].join(" ")}\n`);
  for (const line of rest) yield packet(`${line}\n`);
}

/** Answers one request of protocol 2. @throws {ToolkitError} `invalid` for a command it does not know */
export async function* answer2(repository: LocalRepository, request: PacketReader): AsyncGenerator<Buffer> {
  const { args, command } = await readCommand(request);
  if (command === "ls-refs") yield* listRefs(repository, args);
  else if (command === "fetch") yield* fetch2(repository, args);
  else throw new ToolkitError("invalid", `unknown command ${JSON.stringify(command)}`);
}

/** Answers one request of protocol 0. */
export async function* answer0(repository: LocalRepository, request: PacketReader): AsyncGenerator<Buffer> {
  const args: string[] = [];
  for (let packetRead = await request.next(); packetRead !== undefined; packetRead = await request.next()) {
    if (packetRead.kind === "data") args.push(lineOf(packetRead.payload));
  }
  const wants = args.filter((arg) => arg.startsWith("want ")).map((arg) => arg.slice(5, 45));
  if (wants.length === 0) return;
  const { closure, common } = await negotiate(repository, wants, args);
  if (args.some((arg) => arg.startsWith("deepen "))) {
    yield* shallowLines(closure);
    yield Buffer.from(FLUSH);
  }
  // A client that only asks for the shallow commits waits for no more.
  if (!args.some((arg) => arg === "done" || arg.startsWith("have "))) return;
  yield packet(common.length > 0 ? `ACK ${common.at(-1)}\n` : "NAK\n");
  if (!args.includes("done")) return;
  const hasBand = args.some((arg) => arg.startsWith("want ") && arg.includes("side-band-64k"));
  if (hasBand) yield* inBand(writePack(repository.objects, closure.hashes));
  else yield* writePack(repository.objects, closure.hashes);
}

async function readCommand(request: PacketReader): Promise<{ readonly command: string; readonly args: readonly string[] }> {
  const lines: string[] = [];
  for (let next = await request.next(); next !== undefined && next.kind !== "flush"; next = await request.next()) {
    if (next.kind === "data") lines.push(lineOf(next.payload));
  }
  const command = lines.find((line) => line.startsWith("command="))?.slice("command=".length) ?? "";
  return { command, args: lines };
}

async function* listRefs(repository: LocalRepository, args: readonly string[]): AsyncGenerator<Buffer> {
  const prefixes = args.filter((arg) => arg.startsWith("ref-prefix ")).map((arg) => arg.slice("ref-prefix ".length));
  const isAsked = (name: string): boolean => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const target = await repository.refs.head();
  const head = await repository.refs.resolve("HEAD");
  const symref = target !== undefined && args.includes("symrefs") ? ` symref-target:${target}` : "";
  if (isAsked("HEAD") && (head !== undefined || args.includes("unborn"))) yield packet(`${head ?? "unborn"} HEAD${symref}\n`);
  for (const [name, hash] of await repository.refs.all()) {
    if (!isAsked(name)) continue;
    const peeled = args.includes("peel") ? await peel(repository, hash) : hash;
    yield packet(peeled === hash ? `${hash} ${name}\n` : `${hash} ${name} peeled:${peeled}\n`);
  }
  yield Buffer.from(FLUSH);
}

async function* fetch2(repository: LocalRepository, args: readonly string[]): AsyncGenerator<Buffer> {
  const wants = args.filter((arg) => arg.startsWith("want ")).map((arg) => arg.slice("want ".length));
  const { closure, common } = await negotiate(repository, wants, args);
  if (!args.includes("done")) {
    yield packet("acknowledgments\n");
    for (const hash of common) yield packet(`ACK ${hash}\n`);
    if (common.length === 0) {
      yield packet("NAK\n");
      yield Buffer.from(FLUSH);
      return;
    }
    yield packet("ready\n");
    yield Buffer.from(DELIM);
  }
  if (closure.shallow.length > 0 || closure.unshallow.length > 0) {
    yield packet("shallow-info\n");
    yield* shallowLines(closure);
    yield Buffer.from(DELIM);
  }
  yield packet("packfile\n");
  yield* inBand(writePack(repository.objects, closure.hashes));
}

async function negotiate(
  repository: LocalRepository,
  wants: readonly string[],
  args: readonly string[],
): Promise<{ readonly closure: Closure; readonly common: readonly string[] }> {
  const unsupported = args.find((arg) => /^deepen-(since|not|relative)/.test(arg));
  if (unsupported !== undefined) throw new ToolkitError("invalid", `${unsupported.replace(/ .*/, "")} is not supported`);
  const after = (key: string): readonly string[] =>
    args
      .filter((arg) => arg.startsWith(`${key} `))
      .map((arg) => arg.slice(key.length + 1, key.length + 41))
      .filter(isHash);
  const common: string[] = [];
  for (const have of after("have")) if (await repository.objects.has(have)) common.push(have);
  const deepen = args.find((arg) => arg.startsWith("deepen "))?.slice("deepen ".length);
  const depth = deepen === undefined ? undefined : Number(deepen);
  const closure = await closureOf(repository.objects, { wants, haves: common, shallow: new Set(after("shallow")), depth });
  return { closure, common };
}

function* shallowLines({ shallow, unshallow }: Closure): Generator<Buffer> {
  for (const hash of shallow) yield packet(`shallow ${hash}\n`);
  for (const hash of unshallow) yield packet(`unshallow ${hash}\n`);
}

async function* inBand(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < BAND_BYTES) continue;
    yield* banded(Buffer.concat(waiting));
    waiting = [];
    bytes = 0;
  }
  yield* banded(Buffer.concat(waiting));
  yield Buffer.from(FLUSH);
}

function* banded(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += BAND_BYTES) yield packet(Buffer.concat([Buffer.from([1]), bytes.subarray(at, at + BAND_BYTES)]));
}

async function peel({ objects }: Pick<LocalRepository, "objects">, hash: string): Promise<string> {
  const object = await objects.read(hash);
  return object?.type === "tag" ? peel({ objects }, parseTagTarget(hash, object.bytes)) : hash;
}
