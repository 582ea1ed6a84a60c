import { ToolkitError } from "@plumb/std";
import { compare, parse, type SemVer } from "semver";

/**
 * Version ranges as Masterminds/semver, which Flux uses, understands them; npm's differ. `||` separates alternatives, a
 * comma or blanks join conditions. A part that is left out, `x`, `X` or `*` stands for any number. A pre-release is
 * matched only by an alternative that names one.
 */
export type SemverRange = (version: SemVer) => boolean;

interface Condition {
  readonly version: SemVer;
  /** Which part, if any, was the first to be left open. */
  readonly open: "none" | "major" | "minor" | "patch";
}

const OPERATORS = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^", ""] as const;
type Operator = (typeof OPERATORS)[number];

const IDENTIFIERS = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`;
const VERSION = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-${IDENTIFIERS})?(?:\+${IDENTIFIERS})?`;
const OPERATOR = OPERATORS.map((operator) => operator.replace(/[\^]/, "\\$&")).join("|");
/** One condition and what parts it from the next. */
const CONDITION = new RegExp(`^(${OPERATOR})\\s*(${VERSION})(?:\\s*,\\s*(?=\\S)|\\s+|$)`);
const HYPHEN = new RegExp(`(${VERSION})\\s+-\\s+(${VERSION})`, "g");
const PARTS = /^v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[^+]+)?/;
/** Longer texts are no range that a person wrote. */
const MAX_LENGTH = 512;

/** @throws {ToolkitError} `invalid`, quoting the range */
export function parseSemverRange(text: string): SemverRange {
  if (text.length > MAX_LENGTH) throw new ToolkitError("invalid", `semver parse error: improper constraint: more than ${MAX_LENGTH} characters`);
  const alternatives = text.replace(HYPHEN, ">=$1 <=$2").split("||").map(parseAlternative);
  return (version) => alternatives.some((matches) => matches(version));
}

/** A tag as a version: three numbers, perhaps after a `v`; undefined for any other. */
export function versionOf(tag: string): SemVer | undefined {
  return /^v?\d+\.\d+\.\d+(?:[-+]|$)/.test(tag) ? (parse(tag.replace(/^v/, "")) ?? undefined) : undefined;
}

function parseAlternative(text: string): SemverRange {
  const conditions: (readonly [Operator, Condition])[] = [];
  for (let rest = text.trim(); rest !== "" || conditions.length === 0;) {
    const [whole = "", operator = "", version = ""] = CONDITION.exec(rest) ?? [];
    if (whole === "") throw new ToolkitError("invalid", `semver parse error: improper constraint: ${JSON.stringify(text)}`);
    // why: the pattern admits nothing but the operators of the table
    conditions.push([operator as Operator, parseCondition(version)]);
    rest = rest.slice(whole.length);
  }
  const admitsPrerelease = conditions.some(([, { version }]) => version.prerelease.length > 0);
  return (version) =>
    conditions.every(([operator, condition]) => {
      const isAdmitted = admitsPrerelease || version.prerelease.length === 0 || (operator === "!=" && condition.open === "none");
      return isAdmitted && HOLDS[operator](version, condition);
    });
}

function parseCondition(text: string): Condition {
  const [, major = "", minor, patch, prerelease = ""] = PARTS.exec(text) ?? [];
  const isOpen = (part: string | undefined): boolean => part === undefined || /^[xX*]$/.test(part);
  const open = isOpen(major) ? "major" : isOpen(minor) ? "minor" : isOpen(patch) ? "patch" : "none";
  const numbers = { major: "0.0.0", minor: `${major}.0.0`, patch: `${major}.${minor}.0`, none: `${major}.${minor}.${patch}` }[open];
  const version = parse(`${numbers}${prerelease}`);
  if (version === null) throw new ToolkitError("invalid", `semver parse error: improper constraint: ${JSON.stringify(text)}`);
  return { version, open };
}

type Check = (version: SemVer, condition: Condition) => boolean;

const atMost: Check = (version, { version: limit, open }) => {
  if (open === "none") return compare(version, limit) <= 0;
  if (version.major !== limit.major) return version.major < limit.major;
  return open === "minor" || version.minor <= limit.minor;
};
const above: Check = (version, { version: limit, open }) => {
  if (open === "none" || open === "major") return compare(version, limit) > 0;
  if (version.major !== limit.major) return version.major > limit.major;
  return open === "patch" && version.minor > limit.minor;
};
const tilde: Check = (version, { version: base, open }) => {
  if (compare(version, base) < 0) return false;
  const isZero = base.major === 0 && base.minor === 0 && base.patch === 0;
  if (isZero && (open === "none" || open === "major")) return true;
  return version.major === base.major && (open === "minor" || version.minor === base.minor);
};
const equal: Check = (version, condition) => (condition.open === "none" ? compare(version, condition.version) === 0 : tilde(version, condition));
const caret: Check = (version, { version: base, open }) => {
  if (compare(version, base) < 0) return false;
  if (base.major > 0 || open === "minor") return version.major === base.major;
  if (version.major > 0) return false;
  if (base.minor > 0 || open === "patch") return version.minor === base.minor;
  return version.minor === 0 && version.patch === base.patch;
};
const different: Check = (version, { version: other, open }) => {
  if (open === "none" || open === "major") return compare(version, other) !== 0;
  if (version.major !== other.major) return true;
  if (open === "minor") return false;
  if (version.minor !== other.minor) return true;
  const text = (one: SemVer): string => one.prerelease.join(".");
  return text(version) !== text(other);
};
const atLeast: Check = (version, { version: limit }) => compare(version, limit) >= 0;
const below: Check = (version, { version: limit }) => compare(version, limit) < 0;

const HOLDS: Readonly<Record<Operator, Check>> = {
  "": equal,
  "=": equal,
  "!=": different,
  ">": above,
  "<": below,
  ">=": atLeast,
  "=>": atLeast,
  "<=": atMost,
  "=<": atMost,
  "~": tilde,
  "~>": tilde,
  "^": caret,
};
