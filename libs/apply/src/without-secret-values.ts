import { groupVersionKind, type Manifest } from "@plumb/api";
import { isObject, type JsonValue } from "@plumb/std";

/** Shorter than this a value would be found everywhere. */
const MIN_LENGTH = 4;

/** What the API server says of an object, without the values of a Secret that it quotes. Pure. */
export function withoutSecretValues(object: Manifest, message: string): string {
  const { group, kind } = groupVersionKind(object);
  if (group !== "" || kind !== "Secret") return message;
  const values = [object["data"], object["stringData"]].flatMap(textsOf);
  const forms = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1), Buffer.from(value, "base64").toString("utf8"), ...value.split("\n")]);
  return [...new Set(forms)]
    .filter(({ length }) => length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((shown, form) => shown.replaceAll(form, "*****"), message)
    .replace(/(: expected [a-z]+, got ).*$/gm, "$1*****");
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isObject(value) ? Object.values(value).flatMap(textsOf) : [];
}
