import { isIPv4, isIPv6 } from "node:net";

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const uuidOf = (version: number): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[${version === 3 ? "0-9a-f" : "89ab"}][0-9a-f]{3}-?[0-9a-f]{12}$`, "i");
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$|^0$/;
const LONG_DURATION = /^(?:\d+ ?(?:ns|nanos?|us|µs|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?))+$/i;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})$/;
const HOST = /^(?=.{1,253}$)[a-zA-Z0-9](?:[-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?)*$/;
const EMAIL = /^[^\s@<>]+@[^\s@<>]+$/;
const MAC = /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;
const HEX_COLOUR = /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
const RGB_COLOUR = /^rgb\(\s*(?:\d{1,3}\s*,\s*){2}\d{1,3}\s*\)$/;
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function isCidr(text: string): boolean {
  const [address = "", bits = ""] = text.split("/");
  return /^\d{1,3}$/.test(bits) && ((isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128));
}

function isUri(text: string): boolean {
  return /^[a-zA-Z][-+.a-zA-Z0-9]*:.+/.test(text) || text.startsWith("/");
}

/** Formats that upstream checks; others are taken as they are. Source: kube-openapi `strfmt` and `supportedFormats`. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  uri: isUri,
  email: (text) => EMAIL.test(text),
  // The last of several labels is a top-level domain, of two letters at least.
  hostname: (text) => HOST.test(text) && !/\..$/.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (text) => MAC.test(text),
  uuid: (text) => UUID.test(text),
  uuid3: (text) => uuidOf(3).test(text),
  uuid4: (text) => uuidOf(4).test(text),
  uuid5: (text) => uuidOf(5).test(text),
  isbn: (text) => /^[-\dX ]{10,17}$/.test(text),
  isbn10: (text) => /^(?:\d[- ]?){9}[\dX]$/.test(text),
  isbn13: (text) => /^(?:\d[- ]?){12}\d$/.test(text),
  creditcard: (text) => /^[\d -]{13,19}$/.test(text),
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => HEX_COLOUR.test(text),
  rgbcolor: (text) => RGB_COLOUR.test(text),
  byte: (text) => BASE64.test(text),
  password: () => true,
  date: isDate,
  duration: (text) => DURATION.test(text) || LONG_DURATION.test(text),
  "date-time": (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  datetime: (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  "k8s-short-name": (text) => LABEL.test(text),
  "k8s-long-name": (text) => SUBDOMAIN.test(text),
};

/** Formats of texts in a schema that mean nothing to the server. */
export function isKnownFormat(format: string): boolean {
  return Object.hasOwn(CHECKS, format);
}

export function fitsFormat(text: string, format: string): boolean {
  return Object.hasOwn(CHECKS, format) ? (CHECKS[format]?.(text) ?? true) : true;
}
