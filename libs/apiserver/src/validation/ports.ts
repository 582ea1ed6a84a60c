import { isIP } from "node:net";

/** What is wrong with the number of a port. Source: apimachinery `IsValidPortNum`. */
export function portProblems(port: number): readonly string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : ["must be between 1 and 65535, inclusive"];
}

/** What is wrong with the name of a port. Source: apimachinery `IsValidPortName`. */
export function portNameProblems(name: string): readonly string[] {
  if (name.length > 15) return ["must be no more than 15 characters"];
  return [
    ...(/^[-a-z0-9]*$/.test(name) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
    ...(/[a-z]/.test(name) ? [] : ["must contain at least one letter (a-z)"]),
    ...(name.includes("--") ? ["must not contain consecutive hyphens"] : []),
    ...(name.startsWith("-") || name.endsWith("-") ? ["must not begin or end with a hyphen"] : []),
  ];
}

export function addressProblems(text: string): readonly string[] {
  return isIP(text) === 0 ? ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"] : [];
}
