import { notAcceptable } from "../refusal.ts";

export interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** How the answer is to be written, and as what. */
export interface Negotiated {
  readonly format: "json" | "yaml";
  readonly as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly isPretty: boolean;
}

const REPRESENTATIONS =
  "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/** The ranges of an Accept header, the wanted first. */
export function parseAccept(header: string): readonly MediaRange[] {
  const ranges = header.split(",").map((part): MediaRange => {
    const [type = "", ...rest] = part.split(";").map((one) => one.trim());
    const parameters = new Map(
      rest.map((one): [string, string] => {
        const equals = one.indexOf("=");
        return equals === -1
          ? [one, ""]
          : [
              one.slice(0, equals).trim(),
              one
                .slice(equals + 1)
                .trim()
                .replaceAll('"', ""),
            ];
      }),
    );
    const quality = Number(parameters.get("q") ?? "1");
    return { type, parameters, quality: Number.isNaN(quality) ? 1 : quality };
  });
  return ranges.filter(({ type }) => type !== "").sort((a, b) => b.quality - a.quality);
}

/**
 * JSON where the client takes it at all: protobuf is never written.
 *
 * @throws {Refusal} 406
 */
export function negotiate(accept: string | undefined, isPretty: boolean): Negotiated {
  const ranges = accept === undefined || accept.trim() === "" ? [] : parseAccept(accept);
  if (ranges.length === 0) return { format: "json", as: "object", isPretty };
  for (const range of ranges) {
    const format = formatOf(range.type);
    const as = asOf(range);
    if (format !== undefined && as !== undefined) return { format, as, isPretty };
  }
  if (ranges.some(({ type }) => formatOf(type) !== undefined))
    throw notAcceptable("only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");
  throw notAcceptable(REPRESENTATIONS, {});
}

/** For an error: JSON when nothing else can be read from the header. */
export function negotiateOrJson(accept: string | undefined, isPretty: boolean): Negotiated {
  for (const { type } of parseAccept(accept ?? "")) {
    const format = formatOf(type);
    if (format !== undefined) return { format, as: "object", isPretty };
  }
  return { format: "json", as: "object", isPretty };
}

function formatOf(type: string): "json" | "yaml" | undefined {
  if (type === "application/json" || type === "*/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}

/** Undefined for a transformation that this server does not know: the next range is tried. */
function asOf({ parameters }: MediaRange): Negotiated["as"] | undefined {
  const as = parameters.get("as");
  if (as === undefined) return "object";
  if (parameters.get("g") !== "meta.k8s.io") return undefined;
  const version = parameters.get("v");
  if (version !== "v1" && version !== "v1beta1") return undefined;
  return as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? as : undefined;
}
