import { isObject, type JsonObject, type JsonValue } from "@plumb/std";

/** One step of a path: a member, an element, all elements, or those for which something holds. */
type Step =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: readonly string[]; readonly isEqual: boolean; readonly value: string };

export type JsonPath = readonly Step[];

/** A dot within a name is written `\.`. */
const MEMBER = /^\.((?:\\.|[^.[\]\\])+)/;
const QUOTED = /^\[['"]([^'"]+)['"]\]/;
const INDEX = /^\[(-?\d+)\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER = /^\[\?\(\s*@\.([\w.-]+)\s*(==|!=)\s*['"]?([^'")]*)['"]?\s*\)\]/;

/** Reads the part of JSONPath that printer columns use; what cannot be read finds nothing. */
export function parsePath(text: string): JsonPath {
  const steps: Step[] = [];
  let rest = text.replace(/^\{(.*)\}$/, "$1").replace(/^\$/, "");
  while (rest !== "") {
    const [step, length] = nextStep(rest);
    if (step === undefined) return [{ kind: "member", name: "" }];
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function nextStep(text: string): readonly [Step | undefined, number] {
  const all = ALL.exec(text);
  if (all !== null) return [{ kind: "all" }, all[0].length];
  const filter = FILTER.exec(text);
  if (filter !== null) {
    const [whole, path = "", operator, value = ""] = filter;
    return [{ kind: "filter", path: path.split("."), isEqual: operator === "==", value }, whole.length];
  }
  const index = INDEX.exec(text);
  if (index !== null) return [{ kind: "index", index: Number(index[1]) }, index[0].length];
  const name = QUOTED.exec(text) ?? MEMBER.exec(text);
  return name === null ? [undefined, 0] : [{ kind: "member", name: (name[1] ?? "").replaceAll("\\.", ".") }, name[0].length];
}

/** What the path finds, in order; nothing for what is not there. */
export function evaluatePath(path: JsonPath, object: JsonObject): readonly JsonValue[] {
  let found: readonly JsonValue[] = [object];
  for (const step of path) found = found.flatMap((value) => take(value, step));
  return found;
}

function take(value: JsonValue, step: Step): readonly JsonValue[] {
  switch (step.kind) {
    case "member": {
      const member = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return member === undefined ? [] : [member];
    }
    case "index": {
      const item: JsonValue | undefined = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "all":
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value).filter((one) => one !== undefined) : [];
    case "filter":
      return Array.isArray(value) ? value.filter((item: JsonValue) => (leafText(item, step.path) === step.value) === step.isEqual) : [];
    default:
      return step satisfies never;
  }
}

function leafText(value: JsonValue, path: readonly string[]): string {
  let at: JsonValue | undefined = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return at === undefined || at === null ? "" : String(at);
}
