import type { LiveObject } from "@plumb/api";
import { isObject, parseJson, ToolkitError, type JsonObject } from "@plumb/std";

/** @throws {ToolkitError} `unavailable` for what is no JSON object: a server that lies, or a proxy's page with status 200 */
export function parseAnswer(subject: string, body: string): JsonObject {
  try {
    const parsed = parseJson(body);
    if (isObject(parsed)) return parsed;
  } catch {
    // the same as JSON that is no object
  }
  throw new ToolkitError("unavailable", `${subject}: the answer is not a JSON object`);
}

/** @throws {ToolkitError} `unavailable` for what has no name or version */
export function parseLiveObject(subject: string, body: string): LiveObject {
  return asLiveObject(subject, parseAnswer(subject, body));
}

/** An object as a dry run would leave it: one that is not there yet has no version. @throws {ToolkitError} `unavailable` for what has no name */
export function parseDryRun(subject: string, body: string): LiveObject {
  return named(subject, parseAnswer(subject, body));
}

/** @throws {ToolkitError} `unavailable` for what has no name or version */
export function asLiveObject(subject: string, object: unknown): LiveObject {
  const live = named(subject, object);
  if (typeof live.metadata.resourceVersion !== "string") throw new ToolkitError("unavailable", `${subject}: the answer is an object without a version`);
  return live;
}

function named(subject: string, object: unknown): LiveObject {
  const metadata = isObject(object) ? object["metadata"] : undefined;
  if (!isObject(metadata) || typeof metadata["name"] !== "string") throw new ToolkitError("unavailable", `${subject}: the answer is not an object with a name`);
  // why: what everything else relies on has just been checked; the rest of the type is optional or the server's own word
  return object as LiveObject;
}
