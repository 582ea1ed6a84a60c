import { CONFIG_MAP, DEPLOYMENT, request, SERVICE, WIDGET, type Subject } from "./arbitrary-subjects.ts";
import type { Case, Step } from "./case.ts";
import { Choices } from "./choices.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

const STEPS = 9;

/** A case without answers: several managers write one object in every way there is. */
export function arbitraryCase(seed: number): Case {
  const choices = new Choices(seed);
  const subject = choices.one([CONFIG_MAP, DEPLOYMENT, SERVICE, WIDGET]);
  const steps = [...subject.before, ...Array.from({ length: STEPS }, () => arbitraryStep(subject, choices)), request("GET", subject.path)];
  return { topic: "fuzz", name: `seed ${seed}`, namespace: true, controllers: false, versions: [], cleanup: subject.cleanup, steps };
}

const MANAGERS = ["one", "two", "three"] as const;

function arbitraryStep(subject: Subject, choices: Choices): Step {
  const { path, apiVersion, kind } = subject;
  const manager = `fieldManager=${choices.one(MANAGERS)}`;
  const query = `${manager}${choices.isOneIn(6) ? "&dryRun=All" : ""}`;
  const object = (): JsonObject => ({ apiVersion, kind, metadata: { name: "a", ...arbitraryMetadata(choices) }, ...subject.content(choices) });
  switch (choices.below(subject.takesStrategic ? 8 : 7)) {
    case 0:
    case 1:
    case 2:
      return request("PATCH", path, `${query}${choices.isOneIn(3) ? "&force=true" : ""}`, "application/apply-patch+yaml", object());
    case 3:
      return request("PUT", path, query, "application/json", object());
    case 4:
      return request("PATCH", path, query, "application/merge-patch+json", {
        metadata: arbitraryMetadata(choices),
        ...withNulls(subject.content(choices), choices),
      });
    case 5:
      return request("PATCH", path, query, "application/json-patch+json", arbitraryOperations(subject.content(choices), choices));
    case 6:
      return request("GET", path);
    default:
      return request("PATCH", path, query, "application/strategic-merge-patch+json", withNulls(subject.content(choices), choices));
  }
}

function arbitraryMetadata(choices: Choices): JsonObject {
  if (choices.isOneIn(2)) return {};
  const members = (names: readonly string[]): JsonObject => Object.fromEntries(choices.some(names).map((name) => [name, choices.one(["1", "2"])]));
  return { ...(choices.isOneIn(2) ? { labels: members(["l", "m"]) } : {}), ...(choices.isOneIn(3) ? { annotations: members(["a.b/c", "d"]) } : {}) };
}

/** Some members at the top of each part become null. */
function withNulls(object: JsonObject, choices: Choices): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]): [string, Json | undefined] => {
      if (choices.isOneIn(8)) return [key, null];
      return [key, isObject(value) ? withNulls(value, choices) : value];
    }),
  );
}

/** Operations on what `content` happens to hold; many of them meet something else. */
function arbitraryOperations(content: JsonObject, choices: Choices): Json {
  return choices
    .some(pointers(content, ""))
    .slice(0, 3)
    .map(([path, value]): JsonObject => {
      switch (choices.below(4)) {
        case 0:
          return { op: "add", path, value };
        case 1:
          return { op: "replace", path, value };
        case 2:
          return { op: "remove", path };
        default:
          return { op: "test", path, value };
      }
    });
}

function pointers(value: Json, at: string): readonly (readonly [string, Json])[] {
  const own = at === "" ? [] : [[at, value] as const];
  if (Array.isArray(value)) return [...own, ...value.flatMap((item: Json, index) => pointers(item, `${at}/${index}`))];
  if (!isObject(value)) return own;
  return [...own, ...Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : pointers(member, `${at}/${key.replaceAll("/", "~1")}`)))];
}
