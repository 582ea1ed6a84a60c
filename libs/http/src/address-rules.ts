import { BlockList, isIPv4, isIPv6 } from "node:net";
import { withoutBrackets } from "./host-and-port.ts";

/** Which special addresses a client may connect to. Those of cloud metadata services are never among them. */
export interface AddressRules {
  /** 127.0.0.0/8, ::1 and the unspecified address, which reaches the same. */
  readonly allowsLoopback: boolean;
  /** 169.254.0.0/16 and fe80::/10. */
  readonly allowsLinkLocal: boolean;
  /** RFC 1918, RFC 6598, RFC 4193 and what is neither public nor any of the above, multicast for one. */
  readonly allowsPrivate: boolean;
}

/** As Flux: everything but metadata services. */
export const OPEN_ADDRESS_RULES: AddressRules = { allowsLoopback: true, allowsLinkLocal: true, allowsPrivate: true };

const METADATA = blockList(
  ["169.254.169.254/32", "169.254.169.253/32", "169.254.170.2/32", "169.254.170.23/32", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"],
  ["fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128"],
);
const LOOPBACK = blockList(["127.0.0.0/8", "0.0.0.0/8"], ["::1/128", "::/128"]);
const LINK_LOCAL = blockList(["169.254.0.0/16"], ["fe80::/10"]);
const PRIVATE = blockList(
  ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
  ["fc00::/7", "fec0::/10", "ff00::/8"],
);
/** Names that lead to a metadata service wherever they are resolved, behind a proxy too. */
const METADATA_NAMES: ReadonlySet<string> = new Set(["metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"]);

/** Why `address` must not be connected to; undefined when it may. @param address an IPv4 or IPv6 address, without brackets */
export function refusalOf(address: string, rules: AddressRules): string | undefined {
  const forms = [address, ...embeddedIPv4(address)];
  const isIn = (list: BlockList): boolean => forms.some((form) => list.check(form, isIPv4(form) ? "ipv4" : "ipv6"));
  if (isIn(METADATA)) return "the address of a cloud metadata service is not allowed";
  if (!rules.allowsLoopback && isIn(LOOPBACK)) return "a loopback address is not allowed";
  if (!rules.allowsLinkLocal && isIn(LINK_LOCAL)) return "a link-local address is not allowed";
  if (!rules.allowsPrivate && isIn(PRIVATE)) return "a private address is not allowed";
  return undefined;
}

/** As `refusalOf`, for what a URL names before it is resolved; undefined also for a name about which nothing is known. */
export function refusalOfHost(hostname: string, rules: AddressRules): string | undefined {
  const host = withoutBrackets(hostname);
  if (isIPv4(host) || isIPv6(host)) return refusalOf(host, rules);
  const name = host.toLowerCase().replace(/\.$/, "");
  if (METADATA_NAMES.has(name)) return "the address of a cloud metadata service is not allowed";
  return !rules.allowsLoopback && /(^|\.)localhost$/.test(name) ? "a loopback address is not allowed" : undefined;
}

/** The IPv4 addresses that an IPv6 one carries: mapped, compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056). */
function embeddedIPv4(address: string): readonly string[] {
  if (!isIPv6(address)) return [];
  const words = wordsOf(address);
  const at = (index: number): string => {
    const high = words[index] ?? 0;
    const low = words[index + 1] ?? 0;
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  };
  const isZero = (from: number, to: number): boolean => words.slice(from, to).every((word) => word === 0);
  if (isZero(0, 5) && (words[5] === 0xffff || words[5] === 0) && !isZero(6, 7)) return [at(6)];
  if (words[0] === 0x64 && words[1] === 0xff9b) return [at(6)];
  return words[0] === 0x2002 ? [at(1)] : [];
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): readonly number[] {
  const [plain = ""] = address.split("%");
  const hex = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [left = "", right] = hex.split("::");
  const toWords = (text: string): number[] => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const head = toWords(left);
  const tail = right === undefined ? [] : toWords(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [family, ranges] of [
    ["ipv4", ipv4],
    ["ipv6", ipv6],
  ] as const) {
    for (const range of ranges) {
      const [net = "", bits] = range.split("/");
      list.addSubnet(net, Number(bits), family);
    }
  }
  return list;
}
