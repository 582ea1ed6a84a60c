import { describe, expect, it } from "vitest";
import { OPEN_ADDRESS_RULES, refusalOf, refusalOfHost } from "./address-rules.ts";

const CLOSED = { allowsLoopback: false, allowsLinkLocal: false, allowsPrivate: false };
const hostOf = (url: string): string => new URL(url).hostname;

describe("address rules", () => {
  it.each([
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd00:0ec2:0::254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd20:ce::254",
  ])("never admit %s, however it is written", (address) => {
    expect(refusalOf(address, OPEN_ADDRESS_RULES)).toBe("the address of a cloud metadata service is not allowed");
  });

  it.each([
    "http://169.254.169.254/",
    "http://2852039166/",
    "http://0251.0376.0251.0376/",
    "http://0xa9fea9fe/",
    "http://[::ffff:169.254.169.254]/",
    "http://metadata.google.internal/",
    "http://METADATA.google.internal./",
  ])("never admit the host of %s", (url) => {
    expect(refusalOfHost(hostOf(url), OPEN_ADDRESS_RULES)).toContain("cloud metadata");
  });

  it.each([
    ["127.0.0.1", "loopback"],
    ["127.255.0.9", "loopback"],
    ["0.0.0.0", "loopback"],
    ["::1", "loopback"],
    ["::", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["169.254.1.1", "link-local"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "private"],
    ["fd12::1", "private"],
    ["224.0.0.1", "private"],
    ["::ffff:10.0.0.1", "private"],
  ])("admit %s only where %s addresses are", (address, group) => {
    expect(refusalOf(address, OPEN_ADDRESS_RULES)).toBeUndefined();
    expect(refusalOf(address, CLOSED)).toBe(`a ${group} address is not allowed`);
  });

  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])("admit the public %s", (address) => {
    expect(refusalOf(address, CLOSED)).toBeUndefined();
  });

  it.each(["http://localhost/", "http://a.localhost./", "http://127.1/"])("know that %s is loopback before it is resolved", (url) => {
    expect(refusalOfHost(hostOf(url), CLOSED)).toContain("loopback");
  });
});
