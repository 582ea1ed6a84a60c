/** An amount as Kubernetes writes it. Source: k8s.io/apimachinery `resource.Quantity`. */
export interface Quantity {
  /** Digits without a point; the amount is `digits × 10^exponent`, or `digits × 2^exponent` divided by `10^scale` for a binary one. */
  readonly nano: bigint;
  readonly format: "binary" | "decimal" | "exponent";
}

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|(?:[eE][+-]?\d+))?$/;
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const NANO = 9;

/** Undefined for what is no quantity. Finer than a billionth is rounded up, as upstream does. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(`${whole}${fraction}` === "" ? "0" : `${whole}${fraction}`);
  const binary = BINARY.indexOf(suffix);
  const isExponent = /^[eE][+-]?\d/.test(suffix);
  const ten = (isExponent ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0)) - fraction.length + NANO;
  const scaled = binary === -1 ? digits : digits * 1024n ** BigInt(binary + 1);
  const nano = ten >= 0 ? scaled * 10n ** BigInt(ten) : divideUp(scaled, 10n ** BigInt(-ten));
  return { nano: sign === "-" ? -nano : nano, format: binary !== -1 ? "binary" : isExponent ? "exponent" : "decimal" };
}

function divideUp(amount: bigint, by: bigint): bigint {
  return amount % by === 0n ? amount / by : amount / by + 1n;
}

/** The one way to write an amount: the largest suffix that leaves no fraction. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  const amount = nano < 0n ? -nano : nano;
  const unit = 10n ** BigInt(NANO);
  if (format === "binary" && amount % unit === 0n && amount >= 1024n * unit) return sign + binaryText(amount / unit);
  let exponent = -NANO;
  let mantissa = amount;
  while (mantissa % 1000n === 0n && exponent < 18) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === "exponent") return `${sign}${mantissa}${exponent === 0 ? "" : `e${exponent}`}`;
  const suffix = Object.entries(DECIMAL).find(([, power]) => power === exponent)?.[0] ?? "";
  return `${sign}${mantissa}${suffix}`;
}

function binaryText(amount: bigint): string {
  let power = 0;
  let mantissa = amount;
  while (mantissa % 1024n === 0n && power < BINARY.length) {
    mantissa /= 1024n;
    power += 1;
  }
  return `${mantissa}${power === 0 ? "" : BINARY[power - 1]}`;
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano === b.nano ? 0 : a.nano < b.nano ? -1 : 1;
}
