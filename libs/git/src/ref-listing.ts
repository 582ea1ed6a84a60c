import { ToolkitError } from "@plumb/std";
import { isHash } from "./object.ts";
import { lineOf, type PacketReader } from "./pkt-line.ts";
import { refuseErrorLine } from "./transport-error.ts";

/** What a server said of itself. Plain data: kept between runs it saves a round trip, and a worker thread can be given it. */
export interface Discovery {
  readonly version: 0 | 2;
  /** Address of the repository, after redirects. */
  readonly base: string;
  readonly capabilities: readonly string[];
}

/** One ref of a server. */
export interface RemoteRef {
  readonly name: string;
  /** 40 hex digits; of an annotated tag those of the tag object. */
  readonly hash: string;
  /** What an annotated tag points to in the end. */
  readonly peeled?: string;
}

/** Which refs of a listing are kept. A server may list others: protocols 0 and 1 know no prefixes, and 2 need not heed them. */
export interface WantedRefs {
  readonly prefixes: readonly string[];
  /** Refs that are kept at most. */
  readonly limit: number;
  /** Refs that the server may list; more are refused. */
  readonly maxListed: number;
}

export interface Advertisement {
  readonly discovery: Discovery;
  /** undefined in protocol 2, where they are asked for apart. */
  readonly refs?: readonly RemoteRef[];
}

/**
 * Reads what a server answers to the request that discovers it.
 *
 * @throws {ToolkitError} `invalid` for another object format than SHA-1 or for too many refs; `missing` or `unavailable` for
 *   what the server itself says went wrong; what `reader` throws
 */
export async function readAdvertisement(reader: PacketReader, base: string, wanted: WantedRefs): Promise<Advertisement> {
  let first = await reader.next();
  if (first?.kind === "data" && lineOf(first.payload).startsWith("# service=")) {
    await reader.next();
    first = await reader.next();
  }
  const opening = first?.kind === "data" ? lineOf(first.payload) : "";
  refuseErrorLine(opening);
  if (opening === "version 2") {
    const capabilities: string[] = [];
    for await (const payload of reader.section()) capabilities.push(lineOf(payload));
    return { discovery: checkFormat({ version: 2, base, capabilities }) };
  }
  const isFirstRef = opening !== "" && opening !== "version 1";
  const { refs, capabilities } = await readRefs0(reader, isFirstRef ? opening : undefined, wanted);
  return { discovery: checkFormat({ version: 0, base, capabilities }), refs };
}

/** Protocols 0 and 1 list every ref at once; the capabilities follow the first. */
async function readRefs0(
  reader: PacketReader,
  first: string | undefined,
  { prefixes, limit, maxListed }: WantedRefs,
): Promise<{ readonly refs: readonly RemoteRef[]; readonly capabilities: readonly string[] }> {
  const refs = new Map<string, RemoteRef>();
  let capabilities: readonly string[] = [];
  let seen = 0;
  const take = (line: string): void => {
    const [ref = "", given] = line.split("\0");
    if (given !== undefined) capabilities = given.trim().split(" ");
    if (++seen > maxListed) throw tooManyRefs(maxListed);
    const [, hash, name] = /^([0-9a-f]{40}) (.+)$/.exec(ref) ?? [];
    if (hash === undefined || name === undefined || name === "capabilities^{}") return;
    const tag = refs.get(name.replace(/\^\{\}$/, ""));
    if (name.endsWith("^{}") && tag !== undefined) refs.set(tag.name, { ...tag, peeled: hash });
    else if (refs.size < limit && prefixes.some((prefix) => name.startsWith(prefix))) refs.set(name, { name, hash });
  };
  if (first !== undefined) take(first);
  for await (const payload of reader.section()) take(lineOf(payload));
  return { refs: [...refs.values()], capabilities };
}

/** Reads the answer to `ls-refs` of protocol 2. Fails as `readAdvertisement` does. */
export async function readRefs2(reader: PacketReader, { prefixes, limit, maxListed }: WantedRefs): Promise<readonly RemoteRef[]> {
  const refs: RemoteRef[] = [];
  let seen = 0;
  for await (const payload of reader.section()) {
    const line = lineOf(payload);
    refuseErrorLine(line);
    if (++seen > maxListed) throw tooManyRefs(maxListed);
    const ref = parseRef2(line);
    if (ref !== undefined && prefixes.some((prefix) => ref.name.startsWith(prefix))) refs.push(ref);
    if (refs.length >= limit) break;
  }
  return refs;
}

function parseRef2(line: string): RemoteRef | undefined {
  const [hash = "", name, ...attributes] = line.split(" ");
  if (name === undefined || !isHash(hash)) return undefined;
  const peeled = attributes.find((attribute) => attribute.startsWith("peeled:"))?.slice("peeled:".length);
  return peeled === undefined ? { name, hash } : { name, hash, peeled };
}

function checkFormat(discovery: Discovery): Discovery {
  const format = discovery.capabilities.find((capability) => capability.startsWith("object-format="));
  if (format === undefined || format === "object-format=sha1") return discovery;
  throw new ToolkitError("invalid", `the object format ${JSON.stringify(format.slice("object-format=".length))} is not supported`);
}

function tooManyRefs(limit: number): ToolkitError {
  return new ToolkitError("invalid", `the server lists more than ${limit} refs`);
}
