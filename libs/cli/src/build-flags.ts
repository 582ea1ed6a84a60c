import { ToolkitError } from "@plumb/std";

/** Flags that take a value. Those of plug-ins are taken so that a caller of kustomize need not change, and mean nothing here: plug-ins are refused. */
const TEXTS = ["output", "load-restrictor", "reorder", "env", "mount", "network-name", "helm-command", "helm-kube-version", "helm-api-versions"] as const;
const SWITCHES = [
  "help",
  "enable-managedby-label",
  "as-current-user",
  "enable-alpha-plugins",
  "enable-exec",
  "enable-helm",
  "helm-debug",
  "network",
  "stack-trace",
] as const;
const SHORTHANDS: Readonly<Record<string, string>> = { o: "output", e: "env", h: "help" };

/** What Go reads as true and false. */
const TRUTHS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true])),
  ...Object.fromEntries(["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false])),
};

export interface BuildFlags {
  /** What is no flag. */
  readonly rest: readonly string[];
  /** The last value of each flag that takes one. */
  readonly texts: Readonly<Partial<Record<(typeof TEXTS)[number], string>>>;
  readonly switches: Readonly<Partial<Record<(typeof SWITCHES)[number], boolean>>>;
}

/**
 * Reads the arguments of `kustomize build` as kustomize reads them: flags stand anywhere, `--` ends them.
 *
 * @throws {ToolkitError} `invalid`, in the words of kustomize
 */
export function parseBuildFlags(args: readonly string[]): BuildFlags {
  const texts: Record<string, string> = {};
  const switches: Record<string, boolean> = {};
  const rest: string[] = [];
  const words = args.values();
  const set = (name: string, shown: string, value: string | undefined): void => {
    if (isOneOf(SWITCHES, name)) switches[name] = truth(value ?? "true", name);
    else texts[name] = value ?? words.next().value ?? refuse(`flag needs an argument: ${shown}`);
  };
  for (const word of words) {
    if (word === "--") rest.push(...words);
    else if (word === "-" || !word.startsWith("-")) rest.push(word);
    else if (word.startsWith("--")) {
      const [, name = "", value] = /^--([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? refuse(`bad flag syntax: ${word}`);
      if (!isOneOf(SWITCHES, name) && !isOneOf(TEXTS, name)) refuse(`unknown flag: --${name}`);
      set(name, `--${name}`, value);
    } else setShorthands(word, set);
  }
  return { rest, texts, switches };
}

/** Letters behind one dash: switches, up to the first that takes the rest as its value. */
function setShorthands(word: string, set: (name: string, shown: string, value: string | undefined) => void): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    const shown = `'${letter}' in -${word.slice(at)}`;
    const name = Object.hasOwn(SHORTHANDS, letter) ? SHORTHANDS[letter] : undefined;
    if (name === undefined) refuse(`unknown shorthand flag: ${shown}`);
    const value = word.slice(at + 1);
    const isSwitch = isOneOf(SWITCHES, name);
    if (value.startsWith("=") && value.length > 1) return set(name, shown, value.slice(1));
    if (!isSwitch) return set(name, shown, value === "" ? undefined : value);
    set(name, shown, undefined);
  }
}

function truth(text: string, name: string): boolean {
  const value = Object.hasOwn(TRUTHS, text) ? TRUTHS[text] : undefined;
  return (
    value ??
    refuse(`invalid argument "${text}" for "${name === "help" ? "-h, --help" : `--${name}`}" flag: strconv.ParseBool: parsing "${text}": invalid syntax`)
  );
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function refuse(message: string): never {
  throw new ToolkitError("invalid", message);
}
