/** Writes a finite number as Go's `encoding/json` does. */
export function goJsonNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  // JavaScript itself uses no exponent from 1e-6 to 1e21.
  return size !== 0 && (size < 1e-6 || size >= 1e21) ? value.toExponential() : String(value);
}

const INTEGER = /^-?[0-9]+$/;

/**
 * Writes a number as it comes out of Go's JSON and then go-yaml v2: an integer that 64 bits hold as its digits, anything else as
 * `strconv.FormatFloat(value, 'g', -1, 64)`.
 */
export function goYamlNumber(value: number | bigint): string {
  if (Number.isSafeInteger(value)) return String(value);
  const text = typeof value === "bigint" ? value.toString() : goJsonNumber(value);
  if (INTEGER.test(text)) {
    if (text.length < 19) return text;
    const whole = BigInt(text);
    if (whole >= -(2n ** 63n) && whole < 2n ** 64n) return text;
  }
  return shortestFloat(Number(text));
}

/** `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits that read back, an exponent below 1e-4 and from 1e6. */
export function shortestFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** As `shortestFloat`, with the fewest digits that read back as the same number of 32 bits. */
export function shortestFloat32(value: number): string {
  const wanted = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(wanted.toPrecision(digits));
    if (Math.fround(short) === wanted) return shortestFloat(short);
  }
  return shortestFloat(Number(wanted.toPrecision(9)));
}
