import { parseNodes, type YamlNode } from "@plumb/yaml";

/** Paths of the members that stand twice in a JSON text that is known to be valid: `data.x`, `spec.ports[0].name`. */
export function duplicateJsonKeys(text: string): readonly string[] {
  const found: string[] = [];
  const scanner = { text, at: 0 };
  scanValue(scanner, "", found);
  return found;
}

interface Scanner {
  readonly text: string;
  at: number;
}

function skipSpace(scanner: Scanner): void {
  while (/\s/.test(scanner.text[scanner.at] ?? "x")) scanner.at++;
}

function scanValue(scanner: Scanner, path: string, found: string[]): void {
  skipSpace(scanner);
  const first = scanner.text[scanner.at];
  if (first === "{") scanObject(scanner, path, found);
  else if (first === "[") scanArray(scanner, path, found);
  else if (first === '"') scanString(scanner);
  else while (/[-+.\w]/.test(scanner.text[scanner.at] ?? ",")) scanner.at++;
  skipSpace(scanner);
}

/** Leaves the place after the closing quote; answers the raw text between the quotes. */
function scanString(scanner: Scanner): string {
  const start = ++scanner.at;
  while (scanner.at < scanner.text.length && scanner.text[scanner.at] !== '"') scanner.at += scanner.text[scanner.at] === "\\" ? 2 : 1;
  return scanner.text.slice(start, scanner.at++);
}

function scanObject(scanner: Scanner, path: string, found: string[]): void {
  const seen = new Set<string>();
  scanner.at++;
  skipSpace(scanner);
  while (scanner.at < scanner.text.length && scanner.text[scanner.at] !== "}") {
    const key = keyText(scanString(scanner));
    const at = path === "" ? key : `${path}.${key}`;
    if (seen.has(key)) found.push(at);
    seen.add(key);
    skipSpace(scanner);
    scanner.at++;
    scanValue(scanner, at, found);
    if (scanner.text[scanner.at] === ",") scanner.at++;
    skipSpace(scanner);
  }
  scanner.at++;
}

function keyText(raw: string): string {
  if (!raw.includes("\\")) return raw;
  const text: unknown = JSON.parse(`"${raw}"`);
  return typeof text === "string" ? text : raw;
}

function scanArray(scanner: Scanner, path: string, found: string[]): void {
  scanner.at++;
  skipSpace(scanner);
  for (let index = 0; scanner.at < scanner.text.length && scanner.text[scanner.at] !== "]"; index++) {
    scanValue(scanner, `${path}[${index}]`, found);
    if (scanner.text[scanner.at] === ",") scanner.at++;
    skipSpace(scanner);
  }
  scanner.at++;
}

/** Keys that stand twice in the first document of a YAML text, in Go's words: `line 7: key "x" already set in map`. */
export function duplicateYamlKeys(text: string): readonly string[] {
  const found: string[] = [];
  const [first] = parseNodes(text);
  if (first !== undefined) visit(first, found);
  return found;
}

function visit(node: YamlNode, found: string[]): void {
  if (node.kind === "mapping") {
    const seen = new Set<string>();
    for (let at = 0; at < node.content.length; at += 2) {
      const key = node.content[at];
      if (key?.kind !== "scalar") continue;
      if (seen.has(key.value)) found.push(`line ${key.line}: key ${JSON.stringify(key.value)} already set in map`);
      seen.add(key.value);
    }
  }
  for (const child of node.content) visit(child, found);
}
