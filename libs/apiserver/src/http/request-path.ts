/** What a path of the API names. Source: apiserver `RequestInfoFactory`. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Empty for the cluster, or for all namespaces. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** The old way to watch: `/api/v1/watch/…`. */
  readonly isWatch: boolean;
}

/** Subresources of a Namespace itself, which stand where elsewhere a kind would. */
const NAMESPACE_PARTS: ReadonlySet<string> = new Set(["status", "finalize"]);

/** @returns undefined for a path that names no kind, such as `/version` or `/apis/apps` */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = decodeParts(path);
  if (parts === undefined) return undefined;
  const [root, second = "", third = "", ...others] = parts;
  if (root === "api" && second !== "" && third !== "") return within("", second, [third, ...others]);
  const [fourth, ...rest] = others;
  if (root === "apis" && third !== "" && fourth !== undefined) return within(second, third, [fourth, ...rest]);
  return undefined;
}

function decodeParts(path: string): readonly string[] | undefined {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function within(group: string, version: string, given: readonly string[]): ResourcePath | undefined {
  const isWatch = given[0] === "watch" && given.length > 1;
  const parts = isWatch ? given.slice(1) : given;
  const [first = "", second = "", third = "", fourth = "", fifth = "", ...more] = parts;
  const base = { group, version, isWatch };
  if (first === "namespaces" && third !== "" && !NAMESPACE_PARTS.has(third))
    return { ...base, plural: third, namespace: second, name: fourth, subresource: [fifth, ...more].join("/") };
  if (first === "namespaces") return { ...base, plural: first, namespace: "", name: second, subresource: third };
  return { ...base, plural: first, namespace: "", name: second, subresource: parts.slice(2).join("/") };
}
